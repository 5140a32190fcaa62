import fc from 'fast-check';
import MailComposer from 'nodemailer/lib/mail-composer/index.js';
import PostalMime from 'postal-mime';
import { describe, expect, test } from 'vitest';
import { headerOf, readMessage } from '../../web/src/mail/read-message.ts';

interface Mail {
  readonly name: string;
  readonly subject: string;
  readonly text: string;
  readonly files: readonly { readonly name: string; readonly bytes: Uint8Array }[];
}

function compose({ name, subject, text, files }: Mail): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    new MailComposer({
      from: { name, address: 'mara@lindt.example' },
      to: ['anna@acme.example', 'bo@acme.example'],
      subject,
      text,
      attachments: files.map((file) => ({
        filename: file.name,
        contentType: 'application/octet-stream',
        content: Buffer.from(file.bytes),
      })),
    })
      .compile()
      .build((error, bytes) => (error ? reject(error) : resolve(bytes)));
  });
}

const word = fc.constantFrom(
  'Rechnung',
  'Grüße',
  'straße',
  '€',
  '发票',
  '👩‍💻',
  'a=b',
  '=20',
  'ok',
  '-- ',
  '_',
  '?=',
  'x'.repeat(90),
);
const line = fc.array(word, { maxLength: 8 }).map((words) => words.join(' '));
const mail = fc.record({
  name: line,
  subject: line.map((text) => `S ${text}`.trim()),
  text: fc.array(line, { minLength: 1, maxLength: 8 }).map((lines) => lines.join('\n')),
  files: fc.array(
    fc.record({
      name: fc.constantFrom(
        '2026-0042.pdf',
        'Übersicht Oktober.xml',
        'a "b".txt',
        `${'lang'.repeat(30)}ö.pdf`,
      ),
      bytes: fc.uint8Array({ maxLength: 400 }),
    }),
    { maxLength: 3 },
  ),
});

describe('a mail read from its bytes', () => {
  test('says what another reader says, to the last byte of every file', async () => {
    await fc.assert(
      fc.asyncProperty(mail, async (written) => {
        const bytes = await compose(written);
        const ours = readMessage(bytes);
        const theirs = await PostalMime.parse(bytes);
        expect(headerOf(ours, 'subject') ?? '').toBe(theirs.subject ?? '');
        expect(ours.text.trimEnd()).toBe((theirs.text ?? '').trimEnd());
        expect(ours.attachments.map(({ name, bytes: file }) => [name, [...file]])).toEqual(
          theirs.attachments.map(({ filename, content }) => [filename, contentBytes(content)]),
        );
        expect(ours.unshown).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  test('keeps the text that was written, whatever it looks like', async () => {
    const text = `-- \nFrom: someone else\n=20 stays, é too\n${'wide '.repeat(40)}`;
    const message = readMessage(await compose({ name: 'M', subject: 's', text, files: [] }));
    expect(message.text.trimEnd()).toBe(text.trimEnd());
  });

  test('names a part that it cannot show', () => {
    const source = [
      'Subject: two faces',
      'Content-Type: multipart/alternative; boundary="b"',
      '',
      '--b',
      'Content-Type: text/plain',
      '',
      'harmless',
      '--b',
      'Content-Type: text/html',
      '',
      '<p>something else</p>',
      '--b--',
      '',
    ].join('\r\n');
    const message = readMessage(new TextEncoder().encode(source));
    expect(message.text.trim()).toBe('harmless');
    expect(message.unshown).toEqual(['text/html']);
  });

  test('any bytes at all are read without an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(Array.isArray(readMessage(bytes).attachments)).toBe(true);
      }),
    );
  });
});

function contentBytes(content: ArrayBuffer | Uint8Array | string): readonly number[] {
  if (typeof content === 'string') return [...new TextEncoder().encode(content)];
  return [...new Uint8Array(content)];
}
