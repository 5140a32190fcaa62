import { useEffect, useState } from 'preact/hooks';
import type { Json } from '../../../src/base/portable.ts';
import { actHash } from '../../../src/contract/portable.ts';
import { call } from '../api/call.ts';
import { browserName } from '../device/browser-name.ts';
import { NotSigned } from '../device/not-signed.ts';
import { type DeviceRow, type StepUp, signerFor } from '../device/passkeys.ts';
import { performAct } from '../device/perform-act.ts';
import { Action } from '../parts/action.tsx';
import { Field } from '../parts/field.tsx';
import { InlineForm } from '../parts/inline-form.tsx';
import { notify } from '../parts/notice.tsx';
import { PasskeyLine } from '../parts/passkey-line.tsx';
import { Trouble } from '../parts/states.tsx';
import { visible } from '../words/visible.ts';

/** A passkey that this browser made and nobody let in yet. */
interface Made {
  readonly body: { readonly device: { readonly id: string; readonly name: string } };
  /** computed here, over what this browser made */
  readonly hash: string;
}

/** letters of the hash that a person carries to a command line: nobody finds another one that fits */
const CODE_LETTERS = 16;

/**
 * Makes a passkey, and has it let in: by another passkey here, or where a key has a passphrase. The
 * key of this browser lies open, so it cannot do that by itself.
 */
export function AddPasskey({
  rows,
  stepUp,
  onEnd,
}: {
  readonly rows: readonly DeviceRow[];
  readonly stepUp: StepUp;
  readonly onEnd: () => void;
}) {
  const [name, setName] = useState(`Passkey, ${browserName(navigator.userAgent)}`);
  const [made, setMade] = useState<Made>();
  const [problem, setProblem] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const id = made?.body.device.id;
  const isIn = rows.some((row) => row.id === id);
  useEffect(() => {
    if (!made || !isIn) return;
    notify({ words: `${visible(made.body.device.name)} can sign for you now.`, tone: 'ok' });
    onEnd();
  }, [made, isIn]);

  async function during(work: () => Promise<void>): Promise<void> {
    if (busy) return;
    setBusy(true);
    setProblem(undefined);
    await work().catch(setProblem);
    setBusy(false);
  }
  const nameless = name.trim() === '' ? 'Give it a name first.' : undefined;
  async function make(): Promise<void> {
    if (nameless === undefined) await during(async () => setMade(await makeAndOffer(name)));
  }

  if (made) {
    return (
      <section class="banner" aria-label="The new passkey">
        <div>
          <p>
            "{visible(made.body.device.name)}" is made. It cannot sign yet: let it in within ten
            minutes, where a key of yours has a passphrase. Add <code>--recovery</code> to sign with
            the key from your paper.
            <code class="copy">steward devices passkey {made.hash.slice(0, CODE_LETTERS)}</code>
          </p>
          {problem === undefined ? null : <Trouble error={problem} />}
          <PasskeyLine stepUp={stepUp.status === 'passkey' ? stepUp : { status: 'none' }} />
          <div class="form-actions">
            {stepUp.status === 'passkey' ? (
              <Action
                label="Let it in with my passkey"
                look="primary"
                busy={busy}
                onAct={() =>
                  void during(async () => {
                    await performAct('device', made.body, signerFor(stepUp));
                  })
                }
              />
            ) : null}
            <Action label="Forget it" look="quiet" onAct={onEnd} />
          </div>
        </div>
      </section>
    );
  }
  return (
    <InlineForm title="Add a passkey" onSubmit={() => void make()} onCancel={onEnd}>
      <Field
        field={{
          ...{ name: 'name', kind: 'text', label: 'How you call it', required: true },
          help: 'Your browser asks you next. A passkey signs what moves money or binds you.',
        }}
        value={name}
        onInput={setName}
      />
      {problem === undefined ? null : <Trouble error={problem} />}
      <div class="form-actions">
        <Action
          label="Make the passkey"
          look="primary"
          busy={busy}
          off={nameless}
          onAct={() => void make()}
        />
        <Action label="Cancel" look="quiet" onAct={onEnd} />
      </div>
    </InlineForm>
  );
}

/** Fails with `NotSigned` when the person, the browser or what came back says no. */
async function makeAndOffer(name: string): Promise<Made> {
  const { isKeyOf, makePasskey } = await import('../device/passkey-calls.ts');
  const made = await makePasskey(await call<Json>('POST', '/api/devices/passkeys/options', {}));
  const { body } = await call<{ readonly body: Offered }>('POST', '/api/devices/passkeys', {
    name: name.trim(),
    answer: made.answer,
  });
  const { credentialId, publicKey, rpId } = body.device;
  // what is let in later is what this browser made, whatever came back
  if (!isKeyOf(made, credentialId, publicKey) || rpId !== location.hostname) {
    throw new NotSigned(
      'What came back is not the passkey that this browser made.',
      'Make another one.',
    );
  }
  return { body, hash: await actHash('device', body) };
}

type Offered = {
  readonly device: {
    readonly id: string;
    readonly name: string;
    readonly credentialId: string;
    readonly publicKey: string;
    readonly rpId: string;
  };
};
