import type { JsonObject } from '../../base/index.ts';
import type { Assurance } from '../../contract/index.ts';

/** What the command line uses of the world. */
export interface CliPorts {
  /** data */
  readonly out: (text: string | Uint8Array) => void;
  /** messages */
  readonly err: (text: string) => void;
  readonly terminal: {
    readonly input: boolean;
    readonly output: boolean;
    /** characters of a line */
    readonly columns: number;
    readonly colour: boolean;
  };
  readonly home: string;
  readonly version: string;
  /** The file in pieces; `-` is standard input. Fails with `not_found`. */
  readonly readFile: (path: string) => AsyncIterable<Uint8Array>;
  readonly writeFile: (path: string, bytes: Uint8Array) => Promise<void>;
  /** Asks the person at the terminal. `hidden`: what they type is not shown. */
  readonly prompt: (question: string, hidden?: boolean) => Promise<string>;
  /** The server of this home, or the home itself; opened at the first request. */
  readonly door: Door;
  readonly deviceKey: {
    readonly load: () => Promise<CliDevice | undefined>;
    readonly loadOrCreate: (passphrase?: string) => Promise<CliDevice>;
    /** A new key beside the one there is; `keep` lets it take that one's place. */
    readonly renew: (passphrase: string) => Promise<RenewedKey>;
  };
  /** The key that the recovery paper stands for. Fails with `invalid_input`. */
  readonly recoveryKey: (printed: string) => Promise<CryptoKey>;
  readonly random: (bytes: number) => Uint8Array;
  /** Creates the company of this home; the key is what `init` prints once. */
  readonly found: (
    company: JsonObject,
    device: CliDevice,
    logo?: Uint8Array,
  ) => Promise<{ readonly recovery: string }>;
  /** Serves until it is told to stop. */
  readonly serve: (options: ServeOptions) => Promise<void>;
}

export interface ServeOptions {
  readonly port?: number;
  /** what `npm start` wants: an example, or the page's onboarding, where there is no company */
  readonly start?: boolean;
}

export interface Door {
  readonly fetch: (request: Request) => Promise<Response>;
  readonly close: () => Promise<void>;
}

export interface RenewedKey {
  readonly device: CliDevice;
  readonly keep: () => Promise<void>;
}

/** This machine's key, as its file says. */
export interface CliDevice {
  readonly id: string;
  readonly name: string;
  readonly publicKey: string;
  readonly assurance: Exclude<Assurance, 'present'>;
  /** Fails with `not_authorised` without the right passphrase. */
  readonly unlock: (passphrase?: string) => Promise<CryptoKey>;
}
