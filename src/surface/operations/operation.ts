import type { z } from 'zod';
import type { Registry } from '../../agent/index.ts';
import type { Clock, NewId } from '../../base/index.ts';
import type { ByteSource, ImportDesk } from '../../company/freelancer/index.ts';
import type { Device, Label } from '../../contract/index.ts';
import type { Bearer, Kernel, Tokens } from '../../kernel/index.ts';
import type { Blobs, ChainReport, Log, LogHead } from '../../log/index.ts';
import type { Redactor } from '../../policy/index.ts';
import type { PasskeyOffers } from '../sessions/passkey-offers.ts';
import type { Sessions } from '../sessions/sessions.ts';
import type { PasskeyDesk } from './passkey-desk.ts';
import type { SecretDesk } from './secret-desk.ts';

/**
 * Who may ask. `open`: anybody who reaches the door. `look`: a signed-in browser. `operate`: one whose
 * device is enrolled. `local`: only through this machine's own socket. The socket may do all of them.
 */
export type Access = 'open' | 'look' | 'operate' | 'local';

/** Who asks, as the door knows it. */
export interface Caller {
  readonly door: 'http' | 'local';
  /** `bearer`: a worker or an agent with a token, which reaches what an operation says and no more */
  readonly access: 'none' | 'look' | 'operate' | 'local' | 'bearer';
  readonly bearer?: Bearer;
  /** for the log: `operator:<device>`, `agent:<token>`, `worker:<token>` */
  readonly by: string;
  /** what their words are worth */
  readonly label: Label;
  readonly device: Device | undefined;
  /** hash of the session's token */
  readonly session: string | undefined;
}

/** What operations work with; made once for a home that is open. */
export interface Services {
  readonly home: string;
  readonly version: string;
  readonly kernel: Kernel;
  readonly log: Log;
  readonly blobs: Blobs;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly newId: NewId;
  /** random lower-case hex of so many bytes */
  readonly random: (bytes: number) => string;
  readonly sessions: Sessions;
  readonly tokens: Tokens;
  readonly checkpoints: CheckpointDesk;
  /** What the machine says of the home: free space, modes, versions. */
  readonly inspect: () => Promise<HomeFacts>;
  readonly imports: ImportDesk;
  readonly secrets: SecretDesk;
  /** knows the stored secrets: nothing that leaves the process may hold one */
  readonly redactor: Redactor;
  /** Keeps a body aside, so that it can be read more than once. */
  readonly spool: (bytes: AsyncIterable<Uint8Array>) => Promise<Spooled>;
  readonly passkeys: PasskeyDesk;
  readonly passkeyOffers: PasskeyOffers;
  /** where this home is served, the address for others first; none when it is not */
  readonly origins: () => readonly string[];
}

export interface Spooled {
  readonly source: ByteSource;
  readonly remove: () => Promise<void>;
}

export interface CheckpointDesk {
  /** Walks the whole log against heads that were kept. */
  readonly verify: (heads: readonly LogHead[]) => Promise<ChainReport>;
  /** newest note in the home */
  readonly latest: () => Promise<string | undefined>;
  /** True if this home's log key signed the note. */
  readonly isOurs: (note: string) => boolean;
}

export interface HomeFacts {
  readonly node: string;
  readonly sqlite: string;
  readonly freeBytes: number;
  readonly databaseBytes: number;
  /** files that others can read, as mode and path */
  readonly exposed: readonly string[];
  readonly writable: boolean;
}

export interface OperationRequest {
  readonly services: Services;
  readonly caller: Caller;
  /** of the page that asks, compared at the door; undefined where no browser asks */
  readonly origin: string | undefined;
  /** raw body, for operations with `body: 'bytes'` */
  readonly bytes: () => AsyncIterable<Uint8Array>;
  /** Sets the session's cookie, or removes it. */
  readonly cookie: (token: string | null) => void;
  /** where a reader of events left off */
  readonly lastEventId: number | undefined;
  readonly signal: AbortSignal;
}

export interface CliArgument {
  /** field of the input it fills */
  readonly field: string;
  /** as shown in help; upper case */
  readonly name: string;
  readonly help: string;
  readonly optional?: boolean;
}

export interface CliOption {
  readonly field: string;
  /** `--reason <text>` */
  readonly flags: string;
  readonly help: string;
  /** `set`: `path=value`, repeatable; `set-json`: the same, lists and objects as JSON. `list`: repeatable */
  readonly kind: 'text' | 'number' | 'flag' | 'json' | 'set' | 'set-json' | 'list';
  readonly required?: boolean;
}

export interface CliShape {
  readonly words: readonly [string, ...string[]];
  readonly arguments?: readonly CliArgument[];
  readonly options?: readonly CliOption[];
  /** whole command lines that work in the example company */
  readonly examples: readonly string[];
}

/** One thing that can be asked of Steward: a route, a command and a piece of the API's description. */
export interface Operation {
  readonly name: string;
  /** one plain sentence */
  readonly title: string;
  readonly method: 'GET' | 'POST' | 'PATCH';
  /** hono path; its `:names` are fields of the input */
  readonly path: `/api/${string}`;
  readonly access: Access;
  /** everything a caller may give: path, query and JSON body together */
  readonly input: z.ZodObject;
  readonly output?: z.ZodType;
  readonly body: 'none' | 'json' | 'bytes';
  /** largest body */
  readonly bodyBytes?: number;
  /** absent: for the web page only; then `webOnly` says why */
  readonly cli?: CliShape;
  readonly webOnly?: string;
  /**
   * What of it a token may reach: throws for what is outside of its scope. Without it the operation is
   * the operator's alone, and refuses every token.
   */
  readonly bearer?: (bearer: Bearer, input: never, services: Services) => void | Promise<void>;
  readonly handle: (input: never, request: OperationRequest) => Promise<unknown>;
}

/** Declares an operation; the handler's input is what the schema makes of it. */
export function defineOperation<Input extends z.ZodObject>(
  operation: Omit<Operation, 'input' | 'handle' | 'bearer'> & {
    readonly input: Input;
    readonly bearer?: (
      bearer: Bearer,
      input: z.infer<Input>,
      services: Services,
    ) => void | Promise<void>;
    readonly handle: (input: z.infer<Input>, request: OperationRequest) => Promise<unknown>;
  },
): Operation {
  return operation;
}

/** Names in a path: `/api/items/:id/approve` has `id`. */
export function pathFields(path: string): readonly string[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name);
}
