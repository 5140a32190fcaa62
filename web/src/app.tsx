import { useEffect } from 'preact/hooks';
import { Link, Redirect, Route, Switch, useLocation } from 'wouter-preact';
import { connection, followLog } from './api/live.ts';
import { session } from './device/session.ts';
import { useKeys } from './keys/keys.ts';
import { Inbox, useInbox } from './pages/inbox.tsx';
import { Runs } from './pages/runs.tsx';
import { SignIn } from './pages/sign-in.tsx';
import { Today } from './pages/today.tsx';
import { Help, openHelp } from './parts/help.tsx';
import { Icon } from './parts/icon.tsx';
import { later } from './parts/later.tsx';
import { NoticeLine } from './parts/notice.tsx';
import { openPalette, Palette } from './parts/palette.tsx';
import { PLACES } from './parts/places.ts';
import { Empty } from './parts/states.tsx';
import { formatTime, setZone } from './words/format.ts';

/** The whole page: onboarding, sign-in, or the rail with one place beside it. */
export function App() {
  const [path] = useLocation();
  const now = session.value;
  if (now?.onboarding) return <FirstTime countries={now.countries ?? []} />;
  if (path === '/sign-in' || now?.signedIn === false) return <SignIn />;
  if (!now) return null;
  setZone(now.company?.zone);
  return <Desk />;
}

const FirstTime = later(async () => (await import('./pages/onboarding.tsx')).Onboarding);
const Automations = later(async () => (await import('./pages/automations.tsx')).Automations);
const Business = later(async () => (await import('./pages/business.tsx')).Business);
const Connections = later(async () => (await import('./pages/connections.tsx')).Connections);
const LogPage = later(async () => (await import('./pages/log.tsx')).LogPage);
const Settings = later(async () => (await import('./pages/settings.tsx')).Settings);

function Desk() {
  const [, go] = useLocation();
  useEffect(() => followLog(), []);
  useKeys({
    '?': openHelp,
    '/': openPalette,
    ...Object.fromEntries(PLACES.map(({ key, path }) => [`g ${key}`, () => go(path)])),
  });
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <Rail />
      <main id="main" tabIndex={-1}>
        <Standing />
        <Switch>
          <Route path="/">{() => <Inbox />}</Route>
          <Route path="/inbox">{() => <Redirect to="/" replace />}</Route>
          <Route path="/inbox/:id">{({ id }) => <Inbox id={id} />}</Route>
          <Route path="/items/:id">{({ id }) => <Redirect to={`/inbox/${id}`} replace />}</Route>
          <Route path="/today">{() => <Today />}</Route>
          <Route path="/runs">{() => <Runs />}</Route>
          <Route path="/runs/:id">{({ id }) => <Runs id={id} />}</Route>
          <Route path="/business">{() => <Business />}</Route>
          <Route path="/business/:type">{({ type }) => <Business type={type} />}</Route>
          <Route path="/business/:type/:id">
            {({ type, id }) => <Business type={type} id={id} />}
          </Route>
          <Route path="/automations">{() => <Automations />}</Route>
          <Route path="/connections">{() => <Connections />}</Route>
          <Route path="/settings">{() => <Settings />}</Route>
          <Route path="/log">{() => <LogPage />}</Route>
          <Route>
            {() => (
              <Empty words="There is nothing at this address.">
                <p>
                  <Link href="/">Go to the inbox</Link>
                </p>
              </Empty>
            )}
          </Route>
        </Switch>
      </main>
      <NoticeLine />
      <Palette />
      <Help />
    </>
  );
}

/** what fits into the rail; the list says the rest */
const COUNT_MAX = 99;

function Rail() {
  const [path] = useLocation();
  const waiting = useInbox().data.value?.total ?? 0;
  return (
    <nav class="rail" aria-label="Main">
      <ul>
        {PLACES.map((place) => {
          const isHere =
            place.path === '/'
              ? path === '/' || path.startsWith('/inbox')
              : path.startsWith(place.path);
          return (
            <li key={place.path}>
              <Link href={place.path} class="rail-link" aria-current={isHere ? 'page' : undefined}>
                <Icon name={place.icon} />
                <span class="rail-label">{place.title}</span>
                {place.path === '/' && waiting > 0 ? (
                  <>
                    <span class="rail-count" aria-hidden="true">
                      {waiting > COUNT_MAX ? `${COUNT_MAX}+` : waiting}
                    </span>
                    <span class="only-heard">{waiting} waiting</span>
                  </>
                ) : null}
              </Link>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}

/** What is true of everything on the page: sandbox, a lost connection. */
function Standing() {
  const { mode, example } = session.value ?? {};
  const line = connection.value;
  return (
    <>
      {mode === 'sandbox' ? (
        <p class="standing">
          <strong>Sandbox.</strong>{' '}
          {example ? <span class="if-wide">An example company. </span> : null}Nothing leaves this
          machine.
        </p>
      ) : null}
      {mode === 'off' ? (
        <p class="standing">
          <strong>Off.</strong> Nothing is sent until the mode is changed.
        </p>
      ) : null}
      <div role="status">
        {line.status === 'lost' ? (
          <p class="standing is-lost">
            Reconnecting; what you see is from {formatTime(line.since)}.
          </p>
        ) : null}
      </div>
    </>
  );
}
