import { useEffect, useRef, useState } from 'preact/hooks';
import type { Json } from '../../../src/base/portable.ts';
import { type ActKind, type Assurance, actHash } from '../../../src/contract/portable.ts';
import { LostAnswer } from '../api/call.ts';
import { nowMs } from '../clock.ts';
import { NotSigned } from './not-signed.ts';
import { type StepUp, signerFor, useStepUp, whyUnsigned } from './passkeys.ts';
import type { Signer } from './session.ts';
import { signerOfShown } from './signer-of-shown.ts';
import { useSettled } from './use-settled.ts';

/** What the server would have signed: complete in `sentences`, exact in `kind` and `body`. */
export interface ActProposal {
  readonly kind: ActKind;
  readonly body: Json;
  readonly hash: string;
  readonly sentences: readonly string[];
  readonly assurance: Assurance;
}

/** The way from a wish to a signature, of which the person sees every step. */
export interface Signing<Shown> {
  /** on the screen now, and the only thing that can be signed; undefined before it was proposed */
  readonly shown: Shown | undefined;
  /** why the last try failed; it stays while the next proposal is shown beside it */
  readonly problem: unknown;
  readonly busy: boolean;
  readonly stepUp: StepUp;
  /** why this browser cannot sign what is shown, and the way out */
  readonly weak: string | undefined;
  /** why it cannot be signed at this moment; `weak` is one of the reasons */
  readonly off: string | undefined;
  /** Something else is wanted: what was shown is gone, and what is under way comes to nothing. */
  readonly forget: () => void;
  /** Asks what would be signed, and shows it. */
  readonly show: () => Promise<void>;
  /** Signs what is shown. When that fails: says why, and shows what would be signed by now. */
  readonly sign: () => Promise<void>;
}

/**
 * Propose, show, sign exactly what is shown. `send` is handed what was on the screen, and a signer that
 * signs this and nothing else; it fails with `NotSigned` once anything else is on the screen.
 */
export function useSigning<Shown extends ActProposal>({
  propose,
  send,
}: {
  readonly propose: () => Promise<Shown>;
  readonly send: (shown: Shown, by: Signer) => Promise<void>;
}): Signing<Shown> {
  const [shown, setShown] = useState<Shown>();
  const [shownAt, setShownAt] = useState<number>();
  const [problem, setProblem] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const onScreen = useRef<Shown>();
  const wishes = useRef(0);
  const stepUp = useStepUp(shown?.assurance ?? 'unattended');
  const settled = useSettled(shownAt);
  const weak = shown && whyUnsigned(stepUp);

  function put(next: Shown | undefined): void {
    onScreen.current = next;
    setShown(next);
    setShownAt(next && nowMs());
  }

  function forget(): void {
    wishes.current += 1;
    put(undefined);
    setBusy(false);
  }

  /** `failed`: why it is asked again; what goes wrong in asking does not push it off the screen. */
  async function show(failed?: unknown): Promise<void> {
    const wish = wishes.current;
    setBusy(true);
    setProblem(failed);
    const next = await Promise.resolve()
      .then(propose) // what is wrong with the wish is said like a refusal
      .then(exact)
      .catch((error: unknown) => {
        if (wish === wishes.current) setProblem(failed ?? error);
      });
    if (wish !== wishes.current) return; // it answers a wish that nobody has any more
    if (next) put(next);
    setBusy(false);
  }

  async function sign(): Promise<void> {
    const by = signerFor(stepUp);
    if (busy || !shown || !by || off !== undefined) return;
    const wish = wishes.current;
    setBusy(true);
    setProblem(undefined);
    try {
      await send(
        shown,
        signerOfShown(shown, by, () => onScreen.current === shown),
      );
      setBusy(false);
    } catch (error) {
      const said = error instanceof LostAnswer ? notKnown(error) : error;
      if (wish !== wishes.current) return setProblem(said);
      put(undefined);
      await show(said);
    }
  }

  // a form that was left signs nothing any more, even while a browser still asks for a finger
  useEffect(
    () => () => {
      wishes.current += 1;
      onScreen.current = undefined;
    },
    [],
  );
  const off = weak ?? (settled ? undefined : 'It appeared just now: read it first.');
  return { shown, problem, busy, stepUp, weak, off, forget, show: () => show(), sign };
}

/** The signature covers the hash: sentences for another one are a lie. */
async function exact<Shown extends ActProposal>(proposal: Shown): Promise<Shown> {
  if ((await actHash(proposal.kind, proposal.body)) === proposal.hash) return proposal;
  throw new NotSigned(
    'What would be shown is not what would be signed. Nothing was signed.',
    'Do it at a command line, and check what this browser is connected to.',
  );
}

function notKnown(cause: unknown): LostAnswer {
  return new LostAnswer(
    'No answer came, so it is not known whether this was done.',
    'Look whether it is there before you sign it again.',
    { cause },
  );
}
