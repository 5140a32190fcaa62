import { isJsonObject, type Json, type JsonObject } from '../../base/index.ts';
import type { Money } from '../../contract/index.ts';
import { money, plain } from './format.ts';
import { type Screen, table } from './screen.ts';

export interface RecordLine {
  readonly id: string;
  readonly type: string;
  readonly title: string;
  readonly version: number;
  readonly archived: boolean;
  readonly fields: JsonObject;
}

export function recordLines(record: RecordLine, screen: Screen): readonly string[] {
  return [
    screen.bold(plain(record.title)),
    `${record.type}/${record.id}  version ${record.version}${record.archived ? '  archived' : ''}`,
    '',
    ...table(
      [{ title: 'FIELD' }, { title: 'VALUE', flexible: true }],
      leaves(record.fields).map(([path, value]) => [path, shown(value)]),
      screen,
    ),
  ];
}

function leaves(value: JsonObject, above = ''): readonly (readonly [string, Json])[] {
  return Object.entries(value).flatMap(([name, inner]) => {
    const path = above === '' ? name : `${above}.${name}`;
    return isJsonObject(inner) && !isMoney(inner) ? leaves(inner, path) : [[path, inner] as const];
  });
}

function shown(value: Json): string {
  return isJsonObject(value) && isMoney(value) ? money(value) : plain(value);
}

function isMoney(value: JsonObject): value is JsonObject & Money {
  return typeof value.minor === 'number' && typeof value.currency === 'string';
}
