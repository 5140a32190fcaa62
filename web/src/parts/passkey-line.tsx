import { useId } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { prefer, type StepUp } from '../device/passkeys.ts';
import { visible } from '../words/visible.ts';

/** With which passkey it will be signed, and which one else; or why with none. Nothing without need. */
export function PasskeyLine({ stepUp }: { readonly stepUp: StepUp }) {
  const id = useId();
  if (stepUp.status === 'none') return null;
  if (stepUp.status === 'off') {
    return stepUp.addOne ? (
      <p class="passkey-line">
        <Link href="/settings">Passkeys in Settings</Link>
      </p>
    ) : null;
  }
  const { passkeys, use } = stepUp;
  if (passkeys.length === 1) {
    return (
      <p class="passkey-line muted">Your browser asks for your passkey "{visible(use.name)}".</p>
    );
  }
  return (
    <p class="passkey-line">
      <label for={id}>Sign with the passkey </label>
      <select id={id} value={use.id} onChange={(event) => prefer(event.currentTarget.value)}>
        {passkeys.map((passkey) => (
          <option key={passkey.id} value={passkey.id}>
            {visible(passkey.name)}
          </option>
        ))}
      </select>
    </p>
  );
}
