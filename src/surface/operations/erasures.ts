import { z } from 'zod';
import { failure } from '../../contract/index.ts';
import { recordsFold } from '../../records/index.ts';
import { erasuresView } from '../views/erasures-view.ts';
import { proposal, SIGNING } from './acts.ts';
import { idField } from './inputs.ts';
import { type CliArgument, defineOperation, type Services } from './operation.ts';

const person: CliArgument = {
  field: 'subject',
  name: 'PERSON',
  help: 'id of the party or contact; its first letters are enough',
};

export const erasePreviewOperation = defineOperation({
  name: 'erase-preview',
  title: 'What erasing a person would destroy, and what the law keeps, why and until when',
  method: 'GET',
  path: '/api/erasures/:subject/preview',
  access: 'look',
  body: 'none',
  input: z.strictObject({ subject: idField }),
  cli: {
    words: ['erase', 'preview'],
    arguments: [person],
    examples: ['steward erase preview 0198c2'],
  },
  handle: async ({ subject }, { services }) =>
    services.kernel.trust.previewErasure(await subjectOf(services, subject)),
});

export const eraseOperation = defineOperation({
  name: 'erase',
  title: 'Erase what is personal about somebody, for good, with a receipt for every store',
  method: 'POST',
  path: '/api/erasures/propose',
  access: 'operate',
  body: 'json',
  input: z.strictObject({ subject: idField, because: z.string().trim().max(500).optional() }),
  cli: {
    words: ['erase'],
    arguments: [person],
    options: [
      {
        field: 'because',
        flags: '--because <text>',
        help: 'why ("They asked for it."); it is kept, so name nobody in it',
        kind: 'text',
      },
      ...SIGNING,
    ],
    examples: ['steward erase 0198c2', 'steward erase 0198c2 --because "By contract"'],
  },
  handle: async ({ subject: given, because: typed = '' }, { services }) => {
    const because = typed === '' ? 'They asked for it.' : typed;
    const subject = await subjectOf(services, given);
    const preview = await services.kernel.trust.previewErasure(subject);
    // what is signed is what was shown: anything that changes in between is shown anew
    const proposed = await proposal(services, 'erase', { subject, because, shown: preview.digest });
    return { ...proposed, preview };
  },
});

export const erasuresOperation = defineOperation({
  name: 'erasures',
  title: 'Who was erased, when and why, with the receipts',
  method: 'GET',
  path: '/api/erasures',
  access: 'look',
  body: 'none',
  input: z.strictObject({}),
  cli: { words: ['erasures'], examples: ['steward erasures'] },
  handle: (_, { services }) => erasuresView(services),
});

/** letters of an id that may stand for the whole */
const SHORTEST = 4;

/** A party or a contact by as much of its id as is unique; any other id as it stands. */
async function subjectOf({ log, kernel }: Services, given: string): Promise<string> {
  const types = ['party', 'contact'] as const;
  for (const type of types) if (await kernel.records.find(type, given)) return given;
  if (given.length < SHORTEST) return given;
  const near = await Promise.all(
    types.map((type) => log.fold(recordsFold).list({ equals: `${type}/${given}`, limit: 2 })),
  );
  const [only, ...others] = near.flat();
  if (others.length === 0) return only?.row.id ?? given;
  throw failure('not_found', `More than one person begins with ${given}.`, { id: given });
}
