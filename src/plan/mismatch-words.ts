import { isJsonObject } from '../base/index.ts';
import type { Node } from './cel.ts';
import { inferExpression, type TypeScope } from './infer-type.ts';
import { describeSchema } from './json-schema.ts';
import { type Kind, kindWords } from './kind.ts';

/** One operation of an expression that cannot work, whatever the values will be. */
export interface Mismatch {
  readonly expected: string;
  readonly found: string;
  readonly remedy: string;
}

/** One side of an operation, or one argument. */
export interface Operand {
  readonly node: Node;
  readonly kinds: readonly Kind[];
}

/** What an operation needs, what it would get, and the way out. */
export function mismatch(
  node: Node,
  expected: string,
  operands: readonly Operand[],
  scope: TypeScope,
): Mismatch {
  const said = operands
    .filter((operand) => operand.node.op !== 'value' || operands.length === 1)
    .map((operand) => `${textOf(operand.node)} is ${wordsOf(operand, scope)}`);
  const whole =
    operands.length === 1 && operands[0]?.node === node ? '' : `${textOf(node)}, where `;
  const found = said.length > 0 ? `${whole}${said.join(' and ')}` : textOf(node);
  return { expected, found, remedy: remedyFor(operands, scope) };
}

function wordsOf({ node, kinds }: Operand, scope: TypeScope): string {
  const schema = kinds.includes('map') ? inferExpression(node, scope) : undefined;
  return schema ? describeSchema(schema) : kindWords(kinds);
}

function remedyFor(operands: readonly Operand[], scope: TypeScope): string {
  const has = (kind: Kind): Operand | undefined =>
    operands.find(({ kinds }) => kinds.includes(kind) && kinds.every((one) => one !== 'dyn'));
  const object = has('map');
  if (object) {
    const properties = inferExpression(object.node, scope)?.properties;
    const names = isJsonObject(properties) ? Object.keys(properties) : [];
    const at = textOf(object.node);
    if (names.includes('minor')) return `Use ${at}.minor, the amount in whole minor units.`;
    const [name] = names;
    return name ? `Use one of its fields, such as ${at}.${name}.` : `Use a field of ${at}.`;
  }
  const list = has('list');
  if (list) return `Use its length, size(${textOf(list.node)}), or ask its members: exists, all.`;
  const text = has('string');
  if (text && has('time')) {
    const isDay = inferExpression(text.node, scope)?.format === 'date';
    return `Read the time first: timestamp(${textOf(text.node)}${isDay ? " + 'T00:00:00Z'" : ''}).`;
  }
  const number = has('int') ?? has('double');
  if (text && number) {
    const isWritten = number.node.op === 'value';
    const asText = isWritten ? `"${textOf(number.node)}"` : `string(${textOf(number.node)})`;
    return `Convert one: double(${textOf(text.node)}) reads a number, ${asText} is a text.`;
  }
  return 'Change it, or convert it: string(...), int(...), double(...), timestamp(...).';
}

/** A part as it is written, short enough for a sentence. */
export function textOf(node: Node): string {
  const text = node.input.slice(node.start, node.end);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
