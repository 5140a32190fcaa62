import { z } from 'zod';
import { defineOperation } from './operation.ts';

export const blobOperation = defineOperation({
  name: 'blob',
  title: 'The bytes of an attachment, a paper or a message',
  method: 'GET',
  path: '/api/blobs/:hash',
  access: 'look',
  body: 'none',
  input: z.strictObject({ hash: z.string().regex(/^[0-9a-f]{64}$/) }),
  cli: {
    words: ['blob'],
    arguments: [{ field: 'hash', name: 'HASH', help: 'SHA-256 as shown on the card' }],
    options: [
      { field: 'out', flags: '--out <file>', help: 'write it there', kind: 'text', required: true },
    ],
    examples: ['steward blob 3fa9... --out invoice.pdf'],
  },
  handle: async ({ hash }, { services }) => {
    const bytes = await services.blobs.get(hash);
    // never shown in place by a browser: whatever it is, it is only handed over
    return new Response(new Uint8Array(bytes), {
      headers: {
        'content-type': 'application/octet-stream',
        'content-disposition': `attachment; filename="${hash}"`,
        'content-security-policy': "sandbox; default-src 'none'",
        'cache-control': 'private, max-age=31536000, immutable',
      },
    });
  },
});
