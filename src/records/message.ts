import { z } from 'zod';
import { defineRecord } from './define-record.ts';
import {
  blobSchema,
  idSchema,
  instantSchema,
  referenceSchema,
  textSchema,
} from './field-schemas.ts';

/** characters; longer than any address list a mail server accepts in one header */
const ADDRESS_MAX = 1_000;
const correspondentSchema = z.string().min(1, 'is empty').max(ADDRESS_MAX, 'is too long');

/** A mail that came in or went out. The bytes are a blob, so addresses are kept as they were written. */
export const messageSchema = z.strictObject({
  direction: z.enum(['in', 'out']),
  from: correspondentSchema,
  to: z.array(correspondentSchema).max(1_000),
  subject: textSchema,
  /** the Message-ID header */
  messageId: correspondentSchema.exactOptional(),
  at: instantSchema,
  blob: blobSchema,
  party: idSchema.exactOptional(),
  /** records it speaks of */
  about: z.array(referenceSchema).max(100).default([]),
});
export type Message = Readonly<z.infer<typeof messageSchema>>;

export const messageRecord = defineRecord({
  type: 'message',
  title: 'Message',
  aliases: ['mail', 'email'],
  schema: messageSchema,
  fields: {
    direction: 'business',
    from: 'personal',
    to: 'personal',
    subject: 'personal',
    messageId: 'business',
    at: 'business',
    blob: 'business',
    party: 'business',
    about: 'business',
  },
  name: ['subject'],
  references: { party: 'party', about: '*' },
  subject: (id, fields) => fields.party ?? id,
  externalKey: (fields) => fields.messageId,
  day: (fields) => fields.at,
});
