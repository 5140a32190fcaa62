import { Link } from 'wouter-preact';
import { useResource } from '../api/resource.ts';
import { Empty, Loaded } from '../parts/states.tsx';
import { formatMoment } from '../words/format.ts';
import { visible } from '../words/visible.ts';
import { type Receipt, ReceiptLines } from './erasure-receipt.tsx';

interface ErasureRow {
  readonly subject: string;
  readonly at: string;
  readonly because: string;
  /** null: it was interrupted */
  readonly receipt: Receipt | null;
}

/** Who was erased, when and why, each with what became of it in every store. No names: they are gone. */
export function ErasuresSection() {
  const erasures = useResource<readonly ErasureRow[]>('/api/erasures', ({ type }) =>
    ERASES.test(type),
  );
  return (
    <section class="plain-section" aria-labelledby="erasures">
      <h2 id="erasures">People who were erased</h2>
      <Loaded from={erasures}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty words="Nobody was erased.">
              <p class="muted">
                To erase somebody, open their record under{' '}
                <Link href="/business/party">parties</Link> or{' '}
                <Link href="/business/contact">contacts</Link>: it is the last thing on it.
              </p>
            </Empty>
          ) : (
            <ul class="lines">
              {rows.map(({ subject, at, because, receipt }) => (
                <li key={`${subject} ${at}`}>
                  <span>{visible(because)}</span>
                  <span class="muted">{formatMoment(at)}</span>
                  {receipt === null ? (
                    <p class="wide tone-warn">
                      It was interrupted, and goes on when Steward starts again.
                    </p>
                  ) : (
                    <details class="quiet-details wide">
                      <summary>
                        Receipt<span class="only-heard"> of {formatMoment(at)}</span>
                      </summary>
                      <p class="muted">
                        Known as <code>{subject}</code> from then on.
                      </p>
                      <ReceiptLines receipt={receipt} />
                    </details>
                  )}
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </section>
  );
}

const ERASES = /^(subject\.erased|erasure\.finished)$/;
