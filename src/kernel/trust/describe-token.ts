import { failure } from '../../contract/index.ts';
import { coversCapability } from '../../policy/index.ts';
import { definitionOf, isRecordType, leavesOf } from '../../records/index.ts';
import { runsFold } from '../folds.ts';
import type { KernelPorts } from '../ports.ts';
import type { ActBodies } from './act-bodies.ts';
import { tokenId, tokensFold } from './token-folds.ts';
import { TOKEN_MAX_MS } from './tokens.ts';

/**
 * What a new token would let its holder do, complete. Fails with `invalid_input`, `not_found` (run),
 * `already_exists`.
 */
export async function describeToken(
  ports: Pick<KernelPorts, 'log' | 'clock' | 'registry'>,
  { token }: ActBodies['token'],
): Promise<readonly string[]> {
  const { hash, name, holder, scope, until } = token;
  const { capabilities, reads, run } = scope;
  const lifeMs = Date.parse(until) - ports.clock.now();
  if (!(lifeMs > 0 && lifeMs <= TOKEN_MAX_MS)) {
    throw faulty('until', 'A token lives for 30 days at most.');
  }
  if (capabilities.length + reads.length === 0 && run === undefined) {
    throw faulty('scope', 'Name what it may ask for or read.');
  }
  for (const pattern of capabilities) checkCapability(ports, pattern);
  for (const read of reads) checkRead(read);
  if (run !== undefined && (await ports.log.fold(runsFold).get(run)) === undefined) {
    throw failure('not_found', `There is no run ${run}.`, { run });
  }
  if ((await ports.log.fold(tokensFold).get(tokenId(hash))) !== undefined) {
    throw failure('already_exists', 'There is such a token already. Make another one.');
  }
  return [
    `Lets ${holder === 'agent' ? 'an agent' : 'a worker'} called "${name}" speak to Steward, until ${until}.`,
    capabilities.length === 0
      ? 'It may ask for nothing.'
      : `It may ask for: ${capabilities.join(', ')}. What goes out is still put to you.`,
    reads.length === 0
      ? 'It may read no records.'
      : `It may read: ${reads.join(', ')}. What is personal it reads only where the field is named here.`,
    ...(run === undefined ? [] : [`Only in the run ${run}.`]),
    'It can approve, sign, delegate and change nothing.',
  ];
}

function checkCapability({ registry }: Pick<KernelPorts, 'registry'>, pattern: string): void {
  if (pattern === '*')
    throw faulty('capabilities', 'Name what it may do; "*" would be everything.');
  const isKnown = registry
    .all()
    .some(({ contract }) => coversCapability(pattern, `${contract.name}@${contract.version}`));
  if (!isKnown) {
    throw faulty('capabilities', `Nothing here is called ${pattern}. Write name@version or name.*`);
  }
}

/** `project`, or `party.email` for a field. */
function checkRead(read: string): void {
  const [type = '', ...path] = read.split('.');
  if (!isRecordType(type)) throw faulty('reads', `There is no type of record called ${type}.`);
  const field = path.join('.');
  const isField =
    field === '' ||
    leavesOf(definitionOf(type).schema).some((leaf) => `${leaf.path}.`.startsWith(`${field}.`));
  if (!isField) throw faulty('reads', `A ${type} has no field ${field}.`);
}

function faulty(path: string, message: string) {
  return failure('invalid_input', message, { path });
}
