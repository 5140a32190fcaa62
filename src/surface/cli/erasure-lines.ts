import type { ErasurePreview, ErasureReceipt } from '../../kernel/index.ts';
import { plain, time } from './format.ts';
import type { Screen } from './screen.ts';
import { wrap } from './text-table.ts';

/** Words for what an erasure would do, and did. */
export const ERASURE_LINES = {
  'erase-preview': previewLines,
  erase: (data: Erased, screen: Screen) => [
    screen.ok('Signed and done.'),
    ...(data.receipt ? receiptLines(data.receipt, screen) : []),
  ],
  erasures: (rows: readonly ErasureLine[], screen: Screen) =>
    rows.length === 0
      ? ['Nobody was erased.']
      : rows.flatMap((row) => [
          screen.bold(`${time(row.at, screen.zone)}  ${row.subject}`),
          ...wrap(plain(row.because), screen.width, '  '),
          ...(row.receipt
            ? receiptLines(row.receipt, screen)
            : ['  It was interrupted, and goes on when Steward starts.']),
        ]),
};

interface Erased {
  readonly receipt?: ErasureReceipt;
}

interface ErasureLine {
  readonly subject: string;
  readonly at: string;
  readonly because: string;
  readonly receipt: ErasureReceipt | null;
}

function previewLines(preview: ErasurePreview, screen: Screen): readonly string[] {
  const { title, goes, stays, mentions, standing, backupDays } = preview;
  const lines = (text: string): readonly string[] => wrap(plain(text), screen.width, '  ');
  return [
    screen.bold(plain(title)),
    screen.stop('Goes for good'),
    ...goes.records.flatMap((one) => lines(`${one.type} ${one.title}`)),
    `  ${goes.events} events of the log, ${goes.rows} lines of lists, ${goes.files} files`,
    ...(stays.length + standing.length === 0 ? [] : [screen.warn('Stays')]),
    ...stays.flatMap((one) =>
      lines(`${one.type} ${one.title}, until ${one.until}: ${one.because}`),
    ),
    ...standing.flatMap((one) => lines(`${one.what} ${one.id}: ${one.because}`)),
    ...(mentions.length === 0 ? [] : [screen.warn('Mentions them: look yourself')]),
    ...mentions.flatMap((one) => lines(`${one.type} ${one.title}  ${one.id}`)),
    `Copies in backups can be read for ${backupDays} more days.`,
  ];
}

/** One line for each store. */
function receiptLines({ stores, kept, mentions, standing = [] }: ErasureReceipt, screen: Screen) {
  const { log, folds, blobs, backups, outside } = stores;
  return [
    `  log      ${log.sealed} records sealed for good, ${log.shredded} events shredded`,
    `  lists    ${folds.redacted} versions redacted, ${folds.dropped} rows dropped`,
    `  files    ${blobs.erased} erased`,
    '  keys     their key is destroyed',
    `  backups  readable until ${time(backups.until, screen.zone)}`,
    ...wrap(`outside  ${plain(outside)}`, screen.width, '  '),
    ...kept.flatMap((one) =>
      wrap(
        `kept     ${one.type} ${one.id} until ${one.until}: ${plain(one.because)}`,
        screen.width,
        '  ',
      ),
    ),
    ...standing.flatMap((one) =>
      wrap(`stays    ${one.what} ${plain(one.id)}: ${plain(one.because)}`, screen.width, '  '),
    ),
    ...mentions.map((one) => `  look at  ${one.type} ${one.id}`),
  ];
}
