import type { JsonObject } from '../../../src/base/portable.ts';
import type { Resource } from '../api/resource.ts';
import { performAct } from '../device/perform-act.ts';
import { lookOnly } from '../device/session.ts';
import { Action } from '../parts/action.tsx';
import { notify, tellProblem } from '../parts/notice.tsx';
import { Empty, Loaded } from '../parts/states.tsx';
import { visible } from '../words/visible.ts';

/** One thing that stands by your word, as its line says it. */
export interface Standing {
  readonly id: string;
  readonly name: string;
  /** what it is, or how it ended */
  readonly tag?: string | undefined;
  /** what is carried elsewhere as it is: an address */
  readonly copy?: string;
  readonly detail: string;
  /** what else can be done with it */
  readonly more?: readonly { readonly label: string; readonly onAct: () => void }[];
  /** it stands and can be ended: what the act of ending it names, and what is true afterwards */
  readonly end?: { readonly revoke: JsonObject; readonly after: string } | undefined;
}

/** What you let stand, a line each, and an end to each: a grant, a token, a webhook. */
export function StandingList<Row>({
  from,
  empty,
  tell,
}: {
  readonly from: Resource<readonly Row[]>;
  readonly empty: string;
  readonly tell: (row: Row) => Standing;
}) {
  async function end({ revoke, after }: NonNullable<Standing['end']>): Promise<void> {
    try {
      await performAct('revoke', { ...revoke, because: 'You ended it.' });
      notify({ words: after });
    } catch (error) {
      tellProblem(error);
    }
    await from.refresh();
  }
  return (
    <Loaded from={from}>
      {(rows) =>
        rows.length === 0 ? (
          <Empty words={empty} />
        ) : (
          <ul class="lines">
            {rows.map((row) => {
              const { id, name, tag, copy, detail, more = [], end: last } = tell(row);
              return (
                <li key={id}>
                  <span>
                    {visible(name)} {tag === undefined ? null : <span class="tag">{tag}</span>}
                  </span>
                  <span class="muted">
                    {copy === undefined ? null : <code class="copy">{visible(copy)}</code>}{' '}
                    {visible(detail)}
                  </span>
                  {more.map(({ label, onAct }) => (
                    <Action
                      key={label}
                      label={label}
                      about={name}
                      look="quiet"
                      off={lookOnly.value}
                      onAct={onAct}
                    />
                  ))}
                  {last ? (
                    <Action
                      label="End it"
                      about={name}
                      look="quiet"
                      off={lookOnly.value}
                      onAct={() => void end(last)}
                    />
                  ) : null}
                </li>
              );
            })}
          </ul>
        )
      }
    </Loaded>
  );
}
