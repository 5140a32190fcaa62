import { Link } from 'wouter-preact';
import { isOfRun } from '../api/live.ts';
import { useResource } from '../api/resource.ts';
import type { RunRow } from '../api/shapes.ts';
import { Icon } from '../parts/icon.tsx';
import { Trouble } from '../parts/states.tsx';
import { endWords, runWords } from '../words/status.ts';
import { visible } from '../words/visible.ts';
import type { Sent } from './send-decision.ts';

/** What is known after a decision; never more than that. */
export function SentLine({ sent }: { readonly sent: Sent }) {
  switch (sent.status) {
    case 'done':
      return <DoneLine sent={sent} />;
    case 'stale':
      return null; // the card itself shows what changed
    case 'refused':
      return <Trouble error={sent.problem} />;
    case 'unsigned':
      return (
        <p class="banner tone-warn" role="alert">
          <Icon name="alert" />
          <span>{sent.words} It still waits for you.</span>
        </p>
      );
    case 'arrived':
      return (
        <p class="banner" role="status">
          <Icon name="ok" />
          <span>
            The answer was lost on the way, but your decision arrived. {endWords(sent.end)}
          </span>
        </p>
      );
    case 'open':
      return (
        <p class="banner tone-warn" role="status">
          <Icon name="alert" />
          <span>
            The answer was lost on the way. It still waits for you; if your decision arrives late it
            counts once.
          </span>
        </p>
      );
    default:
      return (
        <div class="banner tone-warn" role="alert">
          <Icon name="alert" />
          <span>
            The connection was lost, so it is not known yet whether your decision arrived. This page
            looks as soon as it is connected again.
          </span>
        </div>
      );
  }
}

function DoneLine({ sent: { decided } }: { readonly sent: Extract<Sent, { status: 'done' }> }) {
  const said = decided.effects.flatMap(({ receipt }) => (receipt ? [visible(receipt.said)] : []));
  const id = decided.run ?? '';
  const path = id === '' ? null : `/api/runs/${encodeURIComponent(id)}`;
  const run = useResource<RunRow>(path, (event) => isOfRun(event, id));
  const words = runWords(run.data.value?.status ?? decided.status ?? '');
  const waits = decided.effects.some(
    ({ status }) => status === 'approved' || status === 'committing',
  );
  return (
    <div class="banner tone-ok" role="status">
      <Icon name="ok" />
      <span>
        <strong>Your decision is recorded.</strong>{' '}
        {said.length > 0 ? said.join(' ') : waits ? 'It is on its way.' : ''}{' '}
        {decided.run ? <Link href={`/runs/${decided.run}`}>The run is {words.words}</Link> : null}
      </span>
    </div>
  );
}
