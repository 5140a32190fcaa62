import { readFileSync } from 'node:fs';
import { createSystemClock } from '../../src/adapter/system-clock.ts';
import type { Clock } from '../../src/base/index.ts';
import { type OpenHome, openHome } from '../../src/open-home.ts';
import { type App, createApp, type Services } from '../../src/surface/index.ts';
import type { CommandDesk } from './command-desk.ts';

export interface AskOptions {
  /** text is sent as CSV, everything else as JSON */
  readonly body?: unknown;
  readonly token?: string;
  readonly headers?: { readonly [name: string]: string };
  readonly door?: 'local' | 'http';
  readonly app?: App;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: string;
  // biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what the tests look at
  readonly json: () => any;
}

/** The home of a desk, opened in this process behind the very app that the doors serve. */
export interface DeskHouse {
  readonly house: OpenHome;
  readonly app: App;
  /** the same doors over other services */
  readonly appOver: (services: Services) => App;
  /** As the desk's own device asks through the socket, unless said otherwise. */
  readonly ask: (method: string, path: string, options?: AskOptions) => Promise<Answer>;
}

export const DESK_ORIGIN = 'http://localhost:4747';

/** `said`: told of every report. Close the house before the desk runs another command. */
export async function openDeskHouse(
  desk: CommandDesk,
  said: (words: string) => void = () => undefined,
  clock: Clock = createSystemClock(undefined),
): Promise<DeskHouse> {
  const house = await openHome({
    ...{ home: desk.places.home, version: '0.0.0-test', isTestClock: false, patienceMs: 0, clock },
    origins: () => [],
    report: (problem) => said(JSON.stringify(problem.toData())),
    onFatal: (reason) => said(reason.message),
  });
  const appOver = (services: Services): App =>
    createApp({
      ...{ services, assets: new Map(), origins: () => [DESK_ORIGIN] },
      report: (error) => said(String(error)),
    });
  const app = appOver(house.services);
  const { device } = JSON.parse(readFileSync(desk.places.deviceKey, 'utf8'));
  return {
    ...{ house, app, appOver },
    ask: async (
      method,
      path,
      { body, token, headers, door = 'local', app: through = app } = {},
    ) => {
      const isText = typeof body === 'string';
      const response = await through.fetch(
        new Request(new URL(path, DESK_ORIGIN), {
          method,
          headers: {
            ...(door === 'local' ? { 'steward-device': device } : { host: 'localhost:4747' }),
            'content-type': isText ? 'text/csv' : 'application/json',
            ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
            ...headers,
          },
          ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
        }),
        { door },
      );
      const text = await response.text();
      return {
        ...{ status: response.status, text, headers: JSON.stringify([...response.headers]) },
        json: () => JSON.parse(text),
      };
    },
  };
}
