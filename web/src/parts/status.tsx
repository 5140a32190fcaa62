import type { StatusWords } from '../words/status.ts';
import { Icon } from './icon.tsx';

/** A state as shape, word and colour together. */
export function Status({ say }: { readonly say: StatusWords }) {
  return (
    <span class={`status tone-${say.tone}`}>
      <Icon name={say.icon} />
      <span>{say.words}</span>
    </span>
  );
}
