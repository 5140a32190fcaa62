import { useState } from 'preact/hooks';
import {
  type DeviceRow,
  noPasskeysHere,
  type StepUp,
  useDevices,
  useStepUp,
  whyUnsigned,
} from '../device/passkeys.ts';
import { lookOnly, session } from '../device/session.ts';
import { Action } from '../parts/action.tsx';
import { later } from '../parts/later.tsx';
import { Loaded } from '../parts/states.tsx';
import { formatDay } from '../words/format.ts';
import { visible } from '../words/visible.ts';

/** Done a few times in a company's life, so they are loaded only then. */
const AddPasskey = later(async () => (await import('./add-passkey.tsx')).AddPasskey);
const InviteBrowser = later(async () => (await import('./device-forms.tsx')).InviteBrowser);
const RemoveDevice = later(async () => (await import('./device-forms.tsx')).RemoveDevice);

/** Whose signatures count, one more browser, one more passkey, and an end to each of them. */
export function DevicesSection() {
  const devices = useDevices();
  const [link, setLink] = useState<string>();
  const [open, setOpen] = useState<DeviceRow | 'invite'>();
  const stepUp = useStepUp('unlocked'); // who may speak for you is decided by more than a plain key
  const off =
    whyUnsigned(stepUp) &&
    (lookOnly.value ?? 'The key of this browser lies open: add a passkey first.');
  return (
    <section class="plain-section" aria-labelledby="devices">
      <h2 id="devices">Devices that decide for you</h2>
      <Loaded from={devices}>
        {(rows) => (
          <>
            <ul class="lines">
              {rows.map((row) => (
                <DeviceLine key={row.id} row={row} onRemove={() => setOpen(row)} />
              ))}
            </ul>
            <PasskeyPart rows={rows} stepUp={stepUp} />
          </>
        )}
      </Loaded>
      {open === undefined ? (
        <div class="form-actions">
          <Action
            label="Add a browser"
            off={off}
            onAct={() => {
              setLink(undefined);
              setOpen('invite');
            }}
          />
        </div>
      ) : open === 'invite' ? (
        <InviteBrowser
          onLink={(made) => {
            setLink(made);
            setOpen(undefined);
          }}
          onCancel={() => setOpen(undefined)}
        />
      ) : (
        <RemoveDevice
          key={open.id}
          row={open}
          onClose={() => {
            setOpen(undefined);
            void devices.refresh();
          }}
        />
      )}
      {off === undefined || open !== undefined ? null : (
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
        <Action
          label="Remove…"
          about={row.name}
          look="quiet"
          off={lookOnly.value}
          onAct={onRemove}
        />
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
