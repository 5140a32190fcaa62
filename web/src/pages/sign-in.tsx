import { useEffect, useState } from 'preact/hooks';
import { useLocation } from 'wouter-preact';
import { loadSession, session, signIn } from '../device/session.ts';
import { notify } from '../parts/notice.tsx';
import { usePageTitle } from '../parts/panes.tsx';
import { Trouble } from '../parts/states.tsx';

/** The code of the link, taken out of the address before anything else can read or keep it. */
function takeCode(): string {
  const code = location.hash.slice(1);
  if (code !== '') history.replaceState(null, '', location.pathname);
  return code;
}

/** Uses the link's code, or says how to get one. */
export function SignIn() {
  const [code] = useState(takeCode);
  const [problem, setProblem] = useState<unknown>();
  const [, go] = useLocation();
  usePageTitle('Sign in');
  useEffect(() => {
    if (code === '') return;
    signIn(code)
      .then(({ canDecide }) => {
        go('/', { replace: true });
        notify({
          words: canDecide
            ? 'This browser is now one of your devices: it can decide for you.'
            : 'You are signed in and can look.',
        });
      })
      .catch((error: unknown) => {
        setProblem(error);
        void loadSession().catch(() => undefined);
      });
  }, [code]);
  const busy = code !== '' && problem === undefined;
  return (
    <main class="alone" id="main">
      <h1>Steward</h1>
      {busy ? <p role="status">Signing in</p> : null}
      {problem === undefined ? null : <Trouble error={problem} />}
      {busy ? null : session.value?.onboarding ? (
        <>
          <p>There is no company here yet. Create yours where Steward runs:</p>
          <pre class="source">steward init</pre>
        </>
      ) : (
        <>
          <p>
            Open the sign-in link that Steward printed when it started. It works once, for ten
            minutes.
          </p>
          <p>For a fresh one, run this where Steward runs:</p>
          <pre class="source">steward sign-in</pre>
        </>
      )}
    </main>
  );
}
