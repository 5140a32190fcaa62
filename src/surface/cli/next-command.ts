import { isJsonObject, type Json } from '../../base/index.ts';

/** The command that most likely comes next; undefined where there is none. */
export function nextCommand(operation: string, data: Json): string | undefined {
  return NEXT[operation]?.(data);
}

type Next = (data: Json) => string | undefined;

const NEXT: { readonly [operation: string]: Next } = {
  init: () => 'steward import parties customers.csv',
  do: afterStart,
  undo: afterStart,
  inbox: (data) => {
    const item = firstId(data);
    return item === undefined ? 'steward runs' : `steward show ${item}`;
  },
  show: (data) => afterCard(data),
  edit: (data) => afterCard(data),
  approve: (data) => `steward run ${field(data, 'run')}`,
  reject: () => 'steward inbox',
  answer: () => 'steward inbox',
  snooze: () => 'steward inbox',
  runs: (data) => {
    const run = firstId(data);
    return run === undefined ? 'steward do "invoice Acme for October"' : `steward run ${run}`;
  },
  run: (data) => {
    const items = field(data, 'items');
    const [first] = Array.isArray(items) ? items : [];
    return typeof first === 'string' ? `steward show ${first}` : 'steward runs';
  },
  'import-time': (data) => {
    const questions = field(data, 'questions');
    return Array.isArray(questions) && questions.length > 0
      ? 'steward inbox'
      : 'steward records time-entry';
  },
  fork: (data) => {
    const items = field(data, 'items');
    const [first] = Array.isArray(items) ? items : [];
    return typeof first === 'string'
      ? `steward show ${first}`
      : `steward run ${field(data, 'run')}`;
  },
  'playbook-check': (data) => {
    const faults = field(data, 'faults');
    return Array.isArray(faults) && faults.length > 0
      ? undefined
      : 'steward playbooks publish FILE';
  },
  'playbook-publish': () => 'steward playbooks',
  'schedule-set': () => 'steward schedules',
  grant: () => 'steward grants',
  stop: () => 'steward resume',
  'policy-diff': () => 'steward policy back-test FILE',
  'policy-back-test': () => 'steward policy set FILE',
  'import-parties': () => 'steward records party',
  create: (data) => `steward history ${field(data, 'type')} ${field(data, 'id')}`,
  change: (data) => `steward history ${field(data, 'type')} ${field(data, 'id')}`,
  record: (data) => `steward history ${field(data, 'type')} ${field(data, 'id')}`,
};

function afterStart(data: Json): string {
  const item = firstId(field(data, 'items'));
  return item === undefined ? `steward run ${field(data, 'run')}` : `steward show ${item}`;
}

function afterCard(data: Json): string | undefined {
  const item = field(data, 'item');
  if (!isJsonObject(item) || item.status === 'closed') return 'steward inbox';
  return item.kind === 'approval'
    ? `steward approve ${String(item.id)}`
    : `steward answer ${String(item.id)} --set ...`;
}

function field(data: Json | undefined, name: string): Json {
  return isJsonObject(data) ? (data[name] ?? '') : '';
}

function firstId(list: Json): string | undefined {
  const [first] = Array.isArray(list) ? list : [];
  return isJsonObject(first) && typeof first.id === 'string' ? first.id : undefined;
}
