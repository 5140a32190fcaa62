import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Loading, Trouble } from './states.tsx';

/**
 * A part of the page that is loaded when somebody comes to it first, so that the inbox is there sooner.
 *
 * @example const Settings = later(async () => (await import('./pages/settings.tsx')).Settings);
 */
export function later<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
): ComponentType<Props> {
  let loaded: ComponentType<Props> | undefined;
  return function Later(props: Props) {
    const [Page, setPage] = useState(() => loaded);
    const [problem, setProblem] = useState<unknown>();
    useEffect(() => {
      if (Page) return;
      load().then((page) => {
        loaded = page;
        setPage(() => page);
      }, setProblem);
    }, []);
    if (Page) return <Page {...props} />;
    return problem === undefined ? <Loading lines={8} /> : <Trouble error={problem} />;
  };
}
