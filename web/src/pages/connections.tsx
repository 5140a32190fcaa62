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
}

interface CapabilityRow {
  readonly ref: string;
  readonly title: string;
}

/** What connects to the outside, what it can do there, and how real it is. */
export function Connections() {
  const touches = ({ type }: { readonly type: string }): boolean => type === 'mode.changed';
  const connectors = useResource<readonly ConnectorRow[]>('/api/connectors', touches);
  const capabilities = useResource<readonly CapabilityRow[]>('/api/capabilities');
  const titles = new Map((capabilities.data.value ?? []).map(({ ref, title }) => [ref, title]));
  const mode = session.value?.mode;
  return (
    <Page title="Connections" intro={mode ? <Status say={MODE_WORDS[mode]} /> : null}>
      <Loaded from={connectors}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty words="Nothing is connected." />
          ) : (
            <ul class="tiles">
              {rows.map((row) => (
                <li key={row.name}>
                  <h2>{visible(NAMES[row.name] ?? row.name)}</h2>
                  <Status say={MODE_WORDS[row.mode]} />
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
          )
        }
      </Loaded>
    </Page>
  );
}

const NAMES: { readonly [name: string]: string } = { mail: 'Mail', books: 'Your books' };
