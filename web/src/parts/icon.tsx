/** Lines of 1.5 in a square of 20; drawn for this page. */
const SHAPES = {
  inbox: 'M3 11.5 5 4.5h10l2 7v4H3zM3 11.5h4.2l1 2h3.6l1-2H17',
  today: 'M3.5 5h13v11.5h-13zM3.5 8.5h13M7 3v3.5M13 3v3.5M7 12h2.5',
  runs: 'M3.5 3.5h5v5h-5zM11.5 11.5h5v5h-5zM8.5 6h3a2.5 2.5 0 0 1 2.5 2.5v3',
  business: 'M3 7h14v9H3zM7.5 7V4.5h5V7M3 11h14M10 10v2',
  automations:
    'M15.5 8A6 6 0 0 0 5 6.5L3.5 8M3.5 4v4h4M4.5 12A6 6 0 0 0 15 13.5l1.5-1.5M16.5 16v-4h-4',
  connections: 'M7 3v4M13 3v4M4.5 7h11v2.5a5.5 5.5 0 0 1-11 0zM10 15v2.5',
  settings: 'M3 6h7M14 6h3M3 14h3M10 14h7M12 4v4M8 12v4',
  log: 'M5 3.5h10v13H5zM7.5 7h5M7.5 10h5M7.5 13h3',
  back: 'M12 4.5 6.5 10l5.5 5.5',
  close: 'M5 5l10 10M15 5 5 15',
  open: 'M8 5l5 5-5 5',
  file: 'M5.5 3h6l3 3v11h-9zM11.5 3v3h3',
  pen: 'M4 16l.8-3.2L13.5 4l2.5 2.5L7.2 15.2zM12 5.5 14.5 8',
  question:
    'M7.5 7.6A2.6 2.6 0 1 1 11 10c-.8.4-1 .9-1 1.8M10 14.6v.1M10 2.8a7.2 7.2 0 1 0 0 14.4 7.2 7.2 0 0 0 0-14.4z',
  task: 'M3.5 5.5 5 7l2.5-3M3.5 13.5 5 15l2.5-3M10 6h6.5M10 14h6.5',
  alert: 'M10 3 2.8 16h14.4zM10 8v4M10 13.9v.1',
  zoom: 'M9 3.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM13 13l4 4M9 6.8v4.4M6.8 9h4.4',
  ok: 'M10 2.8a7.2 7.2 0 1 0 0 14.4 7.2 7.2 0 0 0 0-14.4zM6.8 10.2l2.2 2.3 4.2-5',
  no: 'M10 2.8a7.2 7.2 0 1 0 0 14.4 7.2 7.2 0 0 0 0-14.4zM7.3 7.3l5.4 5.4M12.7 7.3l-5.4 5.4',
  bar: 'M10 2.8a7.2 7.2 0 1 0 0 14.4 7.2 7.2 0 0 0 0-14.4zM6.5 10h7',
  wait: 'M5.5 3h9M5.5 17h9M6.5 3c0 4.5 7 5 7 7s-7 4-7 7M13.5 3c0 4.5-7 5-7 7s7 4 7 7',
  going: 'M10 2.8a7.2 7.2 0 1 0 0 14.4 7.2 7.2 0 0 0 0-14.4zM8.3 6.8 13 10l-4.7 3.2z',
  dots: 'M10 3a7 7 0 0 1 1.5.2M15 5.1a7 7 0 0 1 1.3 1.8M17 10a7 7 0 0 1-.4 2.2M14.6 15.3a7 7 0 0 1-2 1.2M9 17a7 7 0 0 1-2.1-.7M4.2 14a7 7 0 0 1-1-2M3.2 8.4A7 7 0 0 1 4.3 6M6.4 4a7 7 0 0 1 1.6-.8',
  skip: 'M4 5l5 5-5 5M10.5 5l5 5-5 5',
  undo: 'M7.5 4 4 7.5 7.5 11M4 7.5h7.5a4 4 0 0 1 0 8H7',
} as const;

export type IconName = keyof typeof SHAPES;

/** A picture beside words; never the only sign, so hidden from those who listen. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={SHAPES[name]} />
    </svg>
  );
}
