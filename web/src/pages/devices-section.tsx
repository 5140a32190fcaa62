import { useState } from 'preact/hooks';
import { composeInvite, INVITE_BYTES } from '../../../src/contract/portable.ts';
import { call } from '../api/call.ts';
import { signAct, toJson } from '../device/decide.ts';
import {
  type DeviceRow,
  noPasskeysHere,
  type StepUp,
  signerFor,
  useDevices,
  useStepUp,
  whyUnsigned,
} from '../device/passkeys.ts';
import { performAct } from '../device/perform-act.ts';
import { lookOnly, session, signer } from '../device/session.ts';
import { Action } from '../parts/action.tsx';
import { later } from '../parts/later.tsx';
import { notify, tellProblem } from '../parts/notice.tsx';
import { PasskeyLine } from '../parts/passkey-line.tsx';
import { Loaded } from '../parts/states.tsx';
import { formatDay } from '../words/format.ts';
import { visible } from '../words/visible.ts';

/** Done a few times in a company's life, so it is loaded only then. */
const AddPasskey = later(async () => (await import('./add-passkey.tsx')).AddPasskey);

/** Whose signatures count, one more browser, one more passkey, and an end to each of them. */
export function DevicesSection() {
  const devices = useDevices();
  const [link, setLink] = useState<string>();
  const stepUp = useStepUp('unlocked'); // who may speak for you is decided by more than a plain key
  const off =
    whyUnsigned(stepUp) &&
    (lookOnly.value ?? 'The key of this browser lies open: add a passkey first.');
  async function invite(): Promise<void> {
    const key = signerFor(stepUp);
    if (!key) return;
    try {
      // made here: Steward itself gets to know the hash of the code only
      const { code, hash } = await composeInvite(
        crypto.getRandomValues(new Uint8Array(INVITE_BYTES)),
      );
      const { body } = await call<{ readonly body: { readonly until: string } }>(
        'POST',
        '/api/devices/invite',
        { hash },
      );
      await performAct('device', { invite: hash, until: body.until }, key);
      const [origin = location.origin] = session.value?.origins ?? [];
      setLink(`${origin}/sign-in#${code}`);
    } catch (error) {
      tellProblem(error);
    }
  }
  async function revoke({ id, name }: DeviceRow): Promise<void> {
    const key = signer.value;
    if (!key) return;
    try {
      const because = 'You removed it.';
      const signed = toJson(await signAct(key, 'revoke', { device: id, because }));
      await call('POST', `/api/devices/${encodeURIComponent(id)}/revoke`, { because, signed });
      notify({ words: `${visible(name)} can no longer decide anything.` });
    } catch (error) {
      tellProblem(error);
    }
    await devices.refresh();
  }
  return (
    <section class="plain-section" aria-labelledby="devices">
      <h2 id="devices">Devices that decide for you</h2>
      <Loaded from={devices}>
        {(rows) => (
          <>
            <ul class="lines">
              {rows.map((row) => (
                <DeviceLine key={row.id} row={row} onRemove={() => void revoke(row)} />
              ))}
            </ul>
            <PasskeyPart rows={rows} stepUp={stepUp} />
          </>
        )}
      </Loaded>
      <div class="form-actions">
        <Action label="Add a browser" off={off} onAct={() => void invite()} />
      </div>
      {off === undefined ? (
        <PasskeyLine stepUp={stepUp} />
      ) : (
        <p class="muted">
          {off} Or sign with the recovery key from your paper:{' '}
          <code>steward devices invite --recovery</code>
        </p>
      )}
      {link ? (
        <p class="banner" role="status">
          <span>
            Open this link in the other browser within ten minutes. It works once.{' '}
            <code class="copy">{link}</code>
          </span>
        </p>
      ) : null}
    </section>
  );
}

function DeviceLine({ row, onRemove }: { readonly row: DeviceRow; readonly onRemove: () => void }) {
  const isOwn = row.id === session.value?.device?.id;
  return (
    <li>
      <span>
        {visible(row.name)} {isOwn ? <span class="tag">this browser</span> : null}
      </span>
      <span class="muted">
        {KINDS[row.kind] ?? row.kind}
        {row.rpId ? ` at ${visible(row.rpId)}` : ''}, since {formatDay(row.enrolledAt)}
        {row.revokedAt ? `, removed ${formatDay(row.revokedAt)}` : ''}
      </span>
      {row.revokedAt || isOwn ? null : (
        <Action label="Remove" look="quiet" off={lookOnly.value} onAct={onRemove} />
      )}
    </li>
  );
}

function PasskeyPart({
  rows,
  stepUp,
}: {
  readonly rows: readonly DeviceRow[];
  readonly stepUp: StepUp;
}) {
  const [adding, setAdding] = useState(false);
  const off = lookOnly.value ?? noPasskeysHere();
  if (adding) return <AddPasskey rows={rows} stepUp={stepUp} onEnd={() => setAdding(false)} />;
  return (
    <>
      <div class="form-actions">
        <Action label="Add a passkey" off={off} onAct={() => setAdding(true)} />
      </div>
      {off === undefined || lookOnly.value !== undefined ? null : <p class="muted">{off}</p>}
    </>
  );
}

const KINDS: { readonly [kind: string]: string } = {
  cli: 'command line',
  browser: 'browser',
  passkey: 'passkey',
};
