#!/usr/bin/env node
// Verifies the log of a Steward company without Steward. It needs nothing but Node 22.13 or later, reads
// the file and changes nothing. The format is described in docs/reference/log-format.md.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const USAGE = `Checks that a Steward log is what was written.

  node verify-log.mjs steward.db [--checkpoint FILE --key PUBLICKEY]

  steward.db     the log (with steward.db-wal beside it, if there is one)
  --checkpoint   a signed note that you kept; may be given several times
  --key          the company's public key (base64url), as it was told to you

Without a checkpoint it finds every changed, missing, added or reordered event. That the end was
cut off, or that the whole history was written anew, shows only against a checkpoint.

Ends with 0 when the log is intact, 1 when it is not, 2 when it cannot check.
`;

const GENESIS = '0'.repeat(64);

main(process.argv.slice(2));

function main(args) {
  const options = readArguments(args);
  if (!options) {
    process.stderr.write(USAGE);
    process.exitCode = 2;
    return;
  }
  run(options).then(
    (report) => {
      process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
      process.stderr.write(`${inWords(report)}\n`);
      process.exitCode = report.status === 'intact' ? 0 : 1;
    },
    (error) => {
      process.stderr.write(`This cannot be checked: ${error.message}\n`);
      process.exitCode = 2;
    },
  );
}

function readArguments(args) {
  const options = { file: undefined, checkpoints: [], key: undefined };
  for (let i = 0; i < args.length; i++) {
    if (args[i] === '--checkpoint') options.checkpoints.push(args[++i]);
    else if (args[i] === '--key') options.key = args[++i];
    else if (args[i].startsWith('-') || options.file !== undefined) return undefined;
    else options.file = args[i];
  }
  if (options.file === undefined || options.checkpoints.includes(undefined)) return undefined;
  return options.checkpoints.length > 0 && options.key === undefined ? undefined : options;
}

async function run({ file, checkpoints, key }) {
  if (!existsSync(file)) throw new Error(`there is no file ${file}`);
  const heads = checkpoints.map((path) => readCheckpoint(readFileSync(path, 'utf8'), path, key));
  const db = await openLog(file);
  const company = db.prepare('SELECT id FROM companies WHERE number = 1').get()?.id;
  const stranger = heads.find((head) => head.company !== company);
  if (stranger) throw new Error(`the checkpoint is of another company: ${stranger.company}`);
  return verifyEvents(readEvents(db), company, heads);
}

async function openLog(file) {
  const { DatabaseSync } = await import('node:sqlite');
  const open = (location) => {
    const db = new DatabaseSync(location, { readOnly: true });
    db.prepare('SELECT count(*) FROM companies').get();
    return db;
  };
  try {
    return open(file);
  } catch (error) {
    // On a medium that cannot be written to, SQLite needs to be told that nobody else writes.
    if (existsSync(`${file}-wal`)) throw error;
    const url = pathToFileURL(file);
    url.search = '?immutable=1';
    return open(url);
  }
}

/** Rows in order, from below the first seq, so that one put in front is found too. */
function* readEvents(db) {
  const rows = db
    .prepare('SELECT * FROM events WHERE +company = 1 AND seq > ? ORDER BY seq')
    .iterate(Number.MIN_SAFE_INTEGER);
  let last = 0;
  try {
    for (const row of rows) {
      yield row;
      last = row.seq;
    }
  } catch (error) {
    yield { seq: last + 1, unreadable: error.message };
  }
}

function verifyEvents(rows, company, heads) {
  const wanted = [...heads].sort((a, b) => a.seq - b.seq);
  let seq = 0;
  let hash = GENESIS;
  let shredded = 0;
  let next = 0;
  const isAsSeen = () => {
    for (; wanted[next]?.seq === seq; next++) if (wanted[next].hash !== hash) return false;
    return true;
  };
  if (!isAsSeen()) return broken(1, 'A checkpoint of the empty log has another hash.');
  for (const row of rows) {
    const reason = faultOf(row, seq + 1, hash, company);
    if (reason) return broken(seq + 1, reason);
    seq += 1;
    hash = row.hash;
    if (row.data === null) shredded += 1;
    if (!isAsSeen()) return broken(seq, `Event ${seq} is not the one that a checkpoint saw.`);
  }
  const missing = wanted[next];
  if (missing) {
    return broken(seq + 1, `The log ends at ${seq}, but a checkpoint saw event ${missing.seq}.`);
  }
  return {
    status: 'intact',
    events: seq,
    head: { seq, hash },
    shredded,
    checkpoints: heads.length,
  };
}

function faultOf(row, seq, previous, company) {
  if (row.unreadable !== undefined) return `Event ${seq} cannot be read: ${row.unreadable}`;
  if (row.seq !== seq) return `Event ${seq} is missing; ${row.seq} stands in its place.`;
  if (sha256(previous + canonicalHeader(row, company)) !== row.hash) {
    return `Event ${seq} or its place in the chain was changed.`;
  }
  if (row.data === null && row.salt === null) return undefined; // destroyed on purpose
  if (row.data === null || row.salt === null) return `The payload of event ${seq} is damaged.`;
  return sha256(row.salt + row.data) === row.data_hash
    ? undefined
    : `The payload of event ${seq} is not what was appended.`;
}

/** Canonical JSON (RFC 8785): members in this order, no white space. Labels lie there in that form. */
function canonicalHeader(row, company) {
  const members = [
    ['at', row.at],
    ['by', row.actor],
    ['cause', row.cause],
    ['company', company],
    ['dataHash', row.data_hash],
    ['engine', row.engine],
    ['fieldLabels', row.field_labels, 'as it is'],
    ['id', row.id],
    ['label', row.label, 'as it is'],
    ['run', row.run],
    ['seq', row.seq],
    ['stream', row.stream],
    ['type', row.type],
    ['version', row.version],
  ];
  const texts = members
    .filter(([, value]) => value !== null)
    .map(([name, value, asItIs]) => {
      // what is no JSON could hold the member that stands behind it, taken from its own column
      return `"${name}":${asItIs && isJson(value) ? value : JSON.stringify(value)}`;
    });
  return `{${texts.join(',')}}`;
}

function isJson(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The head that a signed note speaks of; throws unless the signature is this key's and holds. */
function readCheckpoint(note, path, key) {
  const end = note.indexOf('\n\n') + 1;
  const text = note.slice(0, end);
  const [first, company, seq, hash, at, ...more] = text.split('\n');
  if (first !== 'steward/checkpoint/v1' || !at || more.length !== 1) {
    throw new Error(`${path} is not a checkpoint`);
  }
  const raw = Buffer.from(key, 'base64url');
  if (raw.length !== 32) throw new Error('the key is not an Ed25519 public key in base64url');
  const publicKey = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') },
    format: 'jwk',
  });
  const isSigned = note
    .slice(end + 1)
    .split('\n')
    .map((line) => /^— (\S+) ([A-Za-z0-9+/=]+)$/.exec(line))
    .filter((match) => match !== null)
    .some(([, name, body]) => {
      const bytes = Buffer.from(body, 'base64');
      const keyId = createHash('sha256')
        .update(`${name}\n\x01`)
        .update(raw)
        .digest()
        .subarray(0, 4);
      const signature = bytes.subarray(4);
      return (
        keyId.equals(bytes.subarray(0, 4)) && verify(null, Buffer.from(text), publicKey, signature)
      );
    });
  if (!isSigned) throw new Error(`${path} is not signed with this key`);
  return { company, seq: Number(seq), hash };
}

function broken(firstBadSeq, reason) {
  return { status: 'broken', firstBadSeq, reason };
}

function sha256(text) {
  return createHash('sha256').update(text).digest('hex');
}

function inWords(report) {
  if (report.status === 'broken') return `BROKEN at event ${report.firstBadSeq}. ${report.reason}`;
  const kept = report.checkpoints > 0 ? `, as ${report.checkpoints} checkpoint(s) saw it` : '';
  return `Intact: ${report.events} events${kept}; ${report.shredded} payloads were destroyed.`;
}
