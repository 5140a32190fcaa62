import { z } from 'zod';
import { controlOf } from '../views/session-view.ts';
import { proposal, SIGNING } from './acts.ts';
import { idField } from './inputs.ts';
import { defineOperation } from './operation.ts';

const modeField = z.enum(['live', 'sandbox', 'off']);

export const modeOperation = defineOperation({
  name: 'mode',
  title: 'Put the whole company into live, sandbox or off mode',
  method: 'POST',
  path: '/api/mode/propose',
  access: 'operate',
  body: 'json',
  input: z.strictObject({ mode: modeField }),
  cli: {
    words: ['mode'],
    arguments: [{ field: 'mode', name: 'MODE', help: 'live, sandbox or off' }],
    options: SIGNING,
    examples: ['steward mode live'],
  },
  handle: ({ mode }, { services }) => proposal(services, 'connector', { company: mode }),
});

export const connectOperation = defineOperation({
  name: 'connect',
  title:
    'Switch a connection on, into the sandbox or off; "*" is all that have no switch of their own',
  method: 'POST',
  path: '/api/connectors/:name/propose',
  access: 'operate',
  body: 'json',
  input: z.strictObject({ name: idField, mode: modeField.optional() }),
  cli: {
    words: ['connect'],
    arguments: [{ field: 'name', name: 'NAME', help: 'as steward connectors lists it, or "*"' }],
    options: [
      {
        field: 'mode',
        flags: '--mode <mode>',
        help: 'live (unless said), sandbox, off',
        kind: 'text',
      },
      ...SIGNING,
    ],
    examples: ['steward connect mail', 'steward connect "*" --mode sandbox'],
  },
  handle: ({ name, mode = 'live' }, { services }) =>
    proposal(services, 'connector', { connector: name, mode }),
});

export const stopOperation = defineOperation({
  name: 'stop',
  title: 'Stop everything that goes out, at once; needs no signature',
  method: 'POST',
  path: '/api/stop',
  access: 'operate',
  body: 'json',
  input: z.strictObject({ because: z.string().max(500).optional() }),
  cli: {
    words: ['stop'],
    options: [{ field: 'because', flags: '--because <text>', help: 'why', kind: 'text' }],
    examples: ['steward stop --because "Something is wrong"'],
  },
  handle: async ({ because = '' }, { services, caller }) => {
    await services.kernel.trust.stop(because.trim() || 'You stopped it.', caller.by);
    return { stopped: (await controlOf(services))?.stopped ?? true };
  },
});

export const resumeOperation = defineOperation({
  name: 'resume',
  title: 'Let what goes out go on after a stop',
  method: 'POST',
  path: '/api/resume/propose',
  access: 'operate',
  body: 'json',
  input: z.strictObject({}),
  cli: { words: ['resume'], options: SIGNING, examples: ['steward resume'] },
  handle: (_, { services }) => proposal(services, 'connector', { commits: 'resume' }),
});
