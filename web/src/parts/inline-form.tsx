import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useFormKeys } from '../keys/use-form-keys.ts';

/** A form inside a card or a page: Escape leaves it, Ctrl-Enter sends it. */
export function InlineForm({
  title,
  children,
  onSubmit,
  onCancel,
}: {
  readonly title: string;
  readonly children: ComponentChildren;
  readonly onSubmit: () => void;
  readonly onCancel: () => void;
}) {
  const form = useRef<HTMLFormElement>(null);
  const { onEscape } = useFormKeys(form, onCancel);
  useEffect(() => form.current?.scrollIntoView({ block: 'nearest' }), []);
  return (
    <form
      ref={form}
      class="inline-form"
      aria-label={title}
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
      onKeyDown={(event) => {
        if (onEscape(event)) return;
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
          event.preventDefault();
          onSubmit();
        }
      }}
    >
      <h3>{title}</h3>
      {children}
    </form>
  );
}
