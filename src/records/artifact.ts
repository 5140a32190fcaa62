import { z } from 'zod';
import { defineRecord } from './define-record.ts';
import { blobSchema, lineSchema, referenceSchema } from './field-schemas.ts';

/** A file that was made or received: its bytes are a blob, this says what it is. */
export const artifactSchema = z.strictObject({
  title: lineSchema,
  /** such as `application/pdf` */
  mediaType: z.string().regex(/^[\w.+-]+\/[\w.+-]+$/, 'is not a media type like application/pdf'),
  blob: blobSchema,
  bytes: z.int().min(0),
  /** records it belongs to */
  about: z.array(referenceSchema).max(100).default([]),
});
export type Artifact = Readonly<z.infer<typeof artifactSchema>>;

export const artifactRecord = defineRecord({
  type: 'artifact',
  title: 'Artifact',
  aliases: ['file', 'document'],
  schema: artifactSchema,
  fields: {
    title: 'business',
    mediaType: 'business',
    blob: 'business',
    bytes: 'business',
    about: 'business',
  },
  name: ['title'],
  references: { about: '*' },
});
