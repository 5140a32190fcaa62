import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect } from 'preact/hooks';
import { rememberOpener } from './keep-focus.ts';
import { useKeys } from './keys.ts';

/** A form takes the focus when it opens, Escape leaves it, and what opened it gets the focus back. */
export function useFormKeys(form: RefObject<HTMLFormElement>, onCancel: () => void) {
  // before it takes the focus, and as long as what opened it is known
  useLayoutEffect(() => (form.current ? rememberOpener(form.current) : undefined), []);
  useEffect(() => {
    form.current?.querySelector<HTMLElement>('input, select, textarea, button')?.focus();
  }, []);
  useKeys({ Escape: onCancel }); // wherever the focus is
  return {
    /** of several forms, the one that holds the focus */
    onEscape: (event: KeyboardEvent): boolean => {
      if (event.key !== 'Escape' || event.isComposing) return false;
      event.stopPropagation();
      onCancel();
      return true;
    },
  };
}
