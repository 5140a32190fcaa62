import type { Registry } from '../agent/index.ts';
import type { Clock, Id, NewId } from '../base/index.ts';
import type { Egress, WebhookScheme } from '../connect/index.ts';
import type { Device, Failure, SignedDecision } from '../contract/index.ts';
import type { Blobs, Log } from '../log/index.ts';
import type { Redactor } from '../policy/index.ts';
import type { Erasure } from './trust/erase/erase-subject.ts';

/** Everything the kernel uses of the world; made once, in the composition root. */
export interface KernelPorts {
  readonly log: Log;
  readonly blobs: Blobs;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly registry: Registry;
  /** names this process in claims; another one after every start */
  readonly worker: string;
  /** random lower-case hex of so many bytes */
  readonly random: (bytes: number) => string;
  /** Fails with `bad_signature`; never answers for a revoked device. */
  readonly verify: (signed: SignedDecision, device: Device) => Promise<void>;
  /** a switch outside the process that stops every commit at once */
  readonly stopped: () => boolean;
  /** knows the stored secrets; what is asked for or sent may not hold one */
  readonly redactor?: Redactor;
  /** how connectors reach their hosts; without it they reach nobody */
  readonly egress?: (hosts: readonly string[]) => Egress;
  /** how deliveries are told from forged ones; without it none is taken */
  readonly hooks?: HookPorts;
  /** what destroys a person's data; without it nobody can be erased */
  readonly erasure?: Erasure;
  /** told of defects that nobody waits for */
  readonly report: (problem: Failure, where: { readonly run?: Id; readonly step?: string }) => void;
}

/** What checks a delivery. */
export interface HookPorts {
  readonly scheme: WebhookScheme;
  /** The value of a secret that is sent nowhere, by its handle; undefined for none. */
  readonly secretOf: (handle: string) => Promise<string | undefined>;
}
