import { link, mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { JsonObject } from '../base/index.ts';
import type {
  CommitPorts,
  Connector,
  EffectRequest,
  Finalised,
  FinalisePorts,
  Outcome,
  OutcomeReceipt,
  Probe,
} from '../connect/index.ts';
import {
  type CapabilityContract,
  type Effect,
  type EffectPart,
  failure,
} from '../contract/index.ts';
import { errorCode, storeFailure, syncDirectory } from './durable-file.ts';

/** A message goes out whole or not at all; larger ones belong behind a link. */
const MESSAGE_BYTES = 25 * 1024 * 1024;

const addressSchema = z
  .string()
  .max(320)
  .regex(/^[^\s<>,;:"()[\]\\]+@[^\s<>,;:"()[\]\\]+$/, 'a mail address such as anna@example.org');

export const mailSendInput = z.strictObject({
  to: z.array(addressSchema).min(1).max(50),
  cc: z.array(addressSchema).max(50).exactOptional(),
  subject: z
    .string()
    .min(1)
    .max(500)
    .refine((text) => !/[\r\n]/.test(text), 'one line'),
  text: z.string().min(1).max(200_000),
  attach: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(200),
        mediaType: z.string().regex(/^[\w.+-]+\/[\w.+-]+$/),
        blob: z.string().regex(/^[0-9a-f]{64}$/),
      }),
    )
    .max(20)
    .exactOptional(),
  /** the party it is for, and the records it is about */
  party: z.string().exactOptional(),
  about: z
    .array(z.strictObject({ type: z.string(), id: z.string() }))
    .max(20)
    .exactOptional(),
});

export const mailSendContract: CapabilityContract = {
  name: 'mail.send',
  version: 1,
  title: 'Send a mail',
  input: mailSendInput,
  output: z.strictObject({
    messageId: z.string(),
    message: z.string(),
    to: z.array(z.string()),
    blob: z.string(),
    at: z.string(),
  }),
  effect: 'final',
  connector: 'mail',
  roles: {
    to: 'destination',
    cc: 'destination',
    subject: 'content',
    text: 'content',
    attach: 'content',
  },
  idempotency: 'keyed',
  failures: {
    remote_unavailable: { attempts: 6, firstDelayMs: 2_000, maxDelayMs: 600_000 },
    disk_full: { attempts: 10, firstDelayMs: 5_000, maxDelayMs: 600_000 },
    store_read_only: 'never',
    invalid_input: 'never',
  },
  reads: { company: '*', party: '*' },
  timeoutMs: 60_000,
  cost: { microUsd: 0, latencyMs: 20 },
  placement: 'anywhere',
};

/**
 * The embedded mail connector: writes RFC 5322 messages into a Maildir and delivers nothing. Live
 * messages lie in `outbox/new`, those of sandbox mode in `sandbox/outbox/new`. The file is named after
 * the effect's key, so a second commit finds the first.
 */
export function createMaildirConnector(home: string): Connector {
  return {
    name: 'mail',
    version: 1,
    contracts: [mailSendContract],
    finalise,
    commit: (effect, ports) => commit(home, effect, ports),
    probe: (effect) => probe(home, effect),
  };
}

async function finalise(request: EffectRequest, ports: FinalisePorts): Promise<Finalised> {
  const input = mailSendInput.parse(request.input.value); // the runner checked it by the contract
  const company = await ports.company();
  const from = senderOf(company.fields);
  const domain = from.address.split('@')[1] ?? 'localhost';
  const messageId = `<${request.key}@${domain}>`;
  const attachments = await Promise.all(
    (input.attach ?? []).map(async (file) => ({ ...file, bytes: await ports.blob(file.blob) })),
  );
  const bytes = await compose({
    from,
    to: input.to,
    ...(input.cc ? { cc: input.cc } : {}),
    subject: input.subject,
    text: input.text,
    messageId,
    date: new Date(request.nowMs),
    attachments: attachments.map(({ name, mediaType, bytes: content }) => ({
      filename: name,
      contentType: mediaType,
      content: Buffer.from(content),
    })),
  });
  if (bytes.length > MESSAGE_BYTES) {
    throw failure('too_large', 'This mail is too large to send.', {
      bytes: bytes.length,
      limit: MESSAGE_BYTES,
    });
  }
  const blob = await ports.keep(bytes);
  const to = [...input.to, ...(input.cc ?? [])];
  const message = `m-${request.key.slice(0, 32)}`;
  const at = new Date(request.nowMs).toISOString();
  const exact: EffectPart = {
    name: 'message.eml',
    mediaType: 'message/rfc822',
    blob,
    bytes: bytes.length,
    use: 'exact',
  };
  return {
    account: from.address,
    summary: `Send "${input.subject}" to ${to.join(', ')}`,
    to,
    amount: null,
    parts: [
      exact,
      ...attachments.map(({ name, mediaType, blob: file, bytes: content }) => ({
        name,
        mediaType,
        blob: file,
        bytes: content.byteLength,
        use: 'attached' as const,
      })),
    ],
    carries: [
      {
        when: 'committed',
        record: 'message',
        id: message,
        command: {
          type: 'create',
          set: {
            direction: 'out',
            from: from.address,
            to,
            subject: input.subject,
            messageId,
            at,
            blob,
            ...(input.party === undefined ? {} : { party: input.party }),
            ...(input.about === undefined ? {} : { about: input.about }),
          },
        },
      },
    ],
    undo: { possible: false, how: 'A mail cannot be taken back once it is sent.' },
    preview: {
      text: previewText(from, input, at),
      blobs: attachments.map(({ name, mediaType, blob: file }) => ({
        name,
        mediaType,
        blob: file,
      })),
    },
    output: { messageId, message, to, blob, at },
  };
}

async function commit(home: string, effect: Effect, ports: CommitPorts): Promise<Outcome> {
  const exact = effect.parts.find((part) => part.use === 'exact');
  if (!exact) return { status: 'refused', code: 'invalid_input', message: 'There is no message.' };
  const directory = mailbox(home, effect);
  const path = join(directory, 'new', fileName(effect));
  try {
    const before = await probe(home, effect);
    if (before.status === 'committed') return before;
    const bytes = await ports.blob(exact.blob);
    for (const part of ['tmp', 'new', 'cur']) {
      await mkdir(join(directory, part), { recursive: true, mode: 0o700 });
    }
    await deliver(join(directory, 'tmp', fileName(effect)), path, bytes);
    await syncDirectory(join(directory, 'new'));
    return { status: 'committed', receipt: receiptOf(effect) };
  } catch (error) {
    const known = storeFailure(error, path);
    const after = await probe(home, effect);
    if (after.status === 'committed') return after;
    const message = known instanceof Error ? known.message : String(known);
    const code = errorCode(known);
    // nothing is in new/: the message provably did not go out
    if (code === 'disk_full') return { status: 'later', retryAfterMs: 5_000, message };
    return { status: 'refused', code: 'store_read_only', message };
  }
}

/** A mail reader moves messages from new/ to cur/ and adds flags behind a colon. */
async function probe(home: string, effect: Effect): Promise<Probe> {
  const directory = mailbox(home, effect);
  const name = fileName(effect);
  for (const part of ['new', 'cur']) {
    const names = await readdir(join(directory, part)).catch(() => []);
    if (names.some((found) => found === name || found.startsWith(`${name}:`))) {
      return { status: 'committed', receipt: receiptOf(effect) };
    }
  }
  return { status: 'not-committed' };
}

function receiptOf(effect: Effect): OutcomeReceipt {
  const simulated = effect.mode === 'sandbox';
  return {
    said: simulated
      ? 'Written to the sandbox outbox. Nothing left this machine.'
      : 'In the outbox, not delivered: send it from there with your own mail program.',
    provider: {
      messageId: `<${effect.key}@${effect.account.split('@')[1] ?? 'localhost'}>`,
      file: `${simulated ? 'sandbox/' : ''}outbox/new/${fileName(effect)}`,
    },
  };
}

async function deliver(temporary: string, path: string, bytes: Uint8Array): Promise<void> {
  try {
    const handle = await open(temporary, 'w', 0o600);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(temporary, path).catch(async (error: unknown) => {
      if (errorCode(error) !== 'EEXIST') throw error;
      const there = await readFile(path);
      if (!there.equals(bytes)) throw error; // somebody else's file under our name
    });
  } finally {
    await rm(temporary, { force: true });
  }
}

function mailbox(home: string, effect: Effect): string {
  return effect.mode === 'sandbox' ? join(home, 'sandbox', 'outbox') : join(home, 'outbox');
}

/** Time first, as mail readers expect; the key makes it the effect's own. */
function fileName(effect: Effect): string {
  return `${Math.floor(Date.parse(effect.date) / 1000)}.${effect.key}.steward`;
}

function senderOf(fields: JsonObject): { readonly name: string; readonly address: string } {
  const { name, owner, email } = fields;
  if (typeof email !== 'string' || email === '') {
    throw failure(
      'needs_answer',
      'Your company has no mail address to send from.',
      { path: 'email', record: 'company' },
      'Add it: steward change company --set email=you@example.org',
    );
  }
  return { name: String(owner ?? name ?? ''), address: email };
}

interface Message {
  readonly from: { readonly name: string; readonly address: string };
  readonly to: readonly string[];
  readonly cc?: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly messageId: string;
  readonly date: Date;
  readonly attachments: readonly {
    readonly filename: string;
    readonly contentType: string;
    readonly content: Buffer;
  }[];
}

async function compose(message: Message): Promise<Buffer> {
  // loaded with the first mail: a server that only watches does not pay for it
  const { default: MailComposer } = await import('nodemailer/lib/mail-composer/index.js');
  return new Promise((resolve, reject) => {
    new MailComposer({
      ...message,
      to: [...message.to],
      cc: [...(message.cc ?? [])],
      from: { ...message.from },
      attachments: message.attachments.map((file) => ({ ...file })),
      disableFileAccess: true,
      disableUrlAccess: true,
    })
      .compile()
      .build((error, bytes) => (error ? reject(error) : resolve(bytes)));
  });
}

function previewText(
  from: { readonly name: string; readonly address: string },
  input: z.infer<typeof mailSendInput>,
  at: string,
): string {
  const files = (input.attach ?? []).map((file) => `Attachment: ${file.name}`);
  const head = [
    `From: ${from.name} <${from.address}>`,
    `To: ${input.to.join(', ')}`,
    ...(input.cc ? [`Cc: ${input.cc.join(', ')}`] : []),
    `Date: ${at}`,
    `Subject: ${input.subject}`,
    ...files,
  ];
  return `${head.join('\n')}\n\n${input.text}`;
}
