import type { Json } from '../../../src/base/portable.ts';
import { composeInvite, INVITE_BYTES } from '../../../src/contract/portable.ts';
import { call } from '../api/call.ts';
import type { DeviceRow } from '../device/passkeys.ts';
import { performAct } from '../device/perform-act.ts';
import { session } from '../device/session.ts';
import type { ActProposal } from '../device/use-signing.ts';
import { ActForm } from '../parts/act-form.tsx';
import { notify } from '../parts/notice.tsx';
import { visible } from '../words/visible.ts';

/** A link with which another browser becomes a device. */
export function InviteBrowser({
  onLink,
  onCancel,
}: {
  readonly onLink: (link: string) => void;
  readonly onCancel: () => void;
}) {
  return (
    <ActForm<ActProposal & { readonly code: string }>
      title="Add a browser"
      fields={[]}
      label="Sign and show the link"
      command={() => 'steward devices invite'}
      propose={async () => {
        // made here: Steward itself gets to know the hash of the code only
        const { code, hash } = await composeInvite(
          crypto.getRandomValues(new Uint8Array(INVITE_BYTES)),
        );
        const proposed = await call<ActProposal & { readonly body: { readonly until: Json } }>(
          'POST',
          '/api/devices/invite',
          { hash },
        );
        // whatever came back, what is signed lets in whoever holds this code and nobody else
        return { ...proposed, body: { invite: hash, until: proposed.body.until }, code };
      }}
      sign={async ({ kind, body, code }, by) => {
        await performAct(kind, body, by);
        const [origin = location.origin] = session.value?.origins ?? [];
        onLink(`${origin}/sign-in#${code}`);
      }}
      onCancel={onCancel}
    />
  );
}

/** An end to a device: what it signs counts no more. */
export function RemoveDevice({
  row: { id, name },
  onClose,
}: {
  readonly row: DeviceRow;
  readonly onClose: () => void;
}) {
  return (
    <ActForm
      title={`Remove ${visible(name)}`}
      fields={[]}
      label="Remove it for good"
      look="stop"
      warning="There is no undo: it would have to be added anew."
      command={() => `steward devices revoke ${id}`}
      propose={() =>
        call<ActProposal>('POST', `/api/devices/${encodeURIComponent(id)}/revoke`, {
          because: 'You removed it.',
        })
      }
      sign={async ({ kind, body }, by) => {
        await performAct(kind, body, by);
        notify({ words: `${name} can no longer decide anything.` });
        onClose();
      }}
      onCancel={onClose}
    />
  );
}
