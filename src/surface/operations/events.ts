import { z } from 'zod';
import { eventStream } from '../http/event-stream.ts';
import { numberField } from './inputs.ts';
import { defineOperation } from './operation.ts';

export const eventsOperation = defineOperation({
  name: 'events',
  title: 'The log as it grows, as server-sent events; goes on from Last-Event-ID',
  method: 'GET',
  path: '/api/events',
  access: 'look',
  body: 'none',
  input: z.strictObject({ after: numberField.optional() }),
  webOnly: 'the command line reads the log with: steward log',
  handle: async ({ after }, { services, caller: { session }, lastEventId, signal }) =>
    eventStream(services, {
      after: lastEventId ?? after,
      // this machine's own socket has no session
      mayRead: () => session === undefined || services.sessions.isLive(session),
      signal,
    }),
});
