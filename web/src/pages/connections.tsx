import { Link } from 'wouter-preact';
import type { Mode } from '../../../src/contract/portable.ts';
import { useResource } from '../api/resource.ts';
import { session } from '../device/session.ts';
import { Page } from '../parts/panes.tsx';
import { Empty, Loaded } from '../parts/states.tsx';
import { Status } from '../parts/status.tsx';
import { MODE_WORDS } from '../words/status.ts';
import { visible } from '../words/visible.ts';

interface ConnectorRow {
  readonly name: string;
  readonly version: number;
  readonly capabilities: readonly string[];
  readonly mode: Mode;
  /** nothing goes out of it until `steward resume` */
  readonly stopped: boolean;
}

interface CapabilityRow {
  readonly ref: string;
  readonly title: string;
}

/** What connects to the outside, what it can do there, and how real it is. */
export function Connections() {
  const connectors = useResource<readonly ConnectorRow[]>('/api/connectors', ({ type }) =>
    /^(mode|connector|commits)\./.test(type),
  );
  const capabilities = useResource<readonly CapabilityRow[]>('/api/capabilities');
  const titles = new Map((capabilities.data.value ?? []).map(({ ref, title }) => [ref, title]));
  const mode = session.value?.mode;
  return (
    <Page title="Connections" intro={mode ? <Status say={MODE_WORDS[mode]} /> : null}>
      <Loaded from={connectors}>
        {(rows) => (
          <>
            {rows.length === 0 ? (
              <Empty words="Nothing is connected, so nothing can go out." />
            ) : (
              <ul class="tiles">
                {rows.map((row) => (
                  <li key={row.name}>
                    <h2>{visible(NAMES[row.name] ?? row.name)}</h2>
                    <Status say={MODE_WORDS[row.mode]} />
                    <State row={row} />
                    <ul class="bullets">
                      {row.capabilities.map((ref) => (
                        <li key={ref}>
                          {visible(titles.get(ref) ?? ref)} <span class="muted">{ref}</span>
                        </li>
                      ))}
                    </ul>
                  </li>
                ))}
              </ul>
            )}
            <NextSteps first={rows[0]?.name} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

/** What becomes of what goes out here, where it is not what one expects. */
function State({ row: { name, mode, stopped } }: { readonly row: ConnectorRow }) {
  const switchOn = session.value?.mode === 'off' ? 'steward mode live' : `steward connect ${name}`;
  return (
    <>
      {stopped ? (
        <p>
          Stopped: nothing goes out. Let it go on with: <code>steward resume</code>
        </p>
      ) : null}
      {mode === 'off' ? (
        <p>
          Nothing goes out. Switch it on with: <code>{switchOn}</code>
        </p>
      ) : null}
      {name === 'mail' && mode === 'live' ? (
        <p>
          Mail is not delivered: it is written into the folder <code>outbox/</code> of your home.
          Send it from there with your own mail program.
        </p>
      ) : null}
    </>
  );
}

function NextSteps({ first }: { readonly first: string | undefined }) {
  return (
    <section class="plain-section" aria-labelledby="next">
      <h2 id="next">What you can do</h2>
      <ul class="bullets">
        {first === undefined ? null : (
          <li>
            Switch one into the sandbox, off, or live again, such as{' '}
            <code>steward connect {first} --mode sandbox</code>. You sign it.
          </li>
        )}
        <li>
          Let a shop or a form tell you what happened: add a webhook in{' '}
          <Link href="/settings">Settings</Link>.
        </li>
        <li>
          Get time and customers from files: <code>steward import --help</code>
        </li>
      </ul>
      <p class="muted">
        A mail account, a calendar, a bank or a payment service cannot be connected yet.
      </p>
    </section>
  );
}

const NAMES: { readonly [name: string]: string } = { mail: 'Mail', books: 'Your books' };
