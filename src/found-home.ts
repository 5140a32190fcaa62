import { makeHome } from './adapter/home-directory.ts';
import { type Clock, createIds, dayIn, type JsonObject, toTimestamp } from './base/index.ts';
import { EXAMPLE_ZONE, exampleCompany, freelancerPack } from './company/freelancer/index.ts';
import type { Device, Mode } from './contract/index.ts';
import { controlFold, foundCompany, publishPlaybooks, runsFold } from './kernel/index.ts';
import { type OpenHome, openHome } from './open-home.ts';
import type { RecordCommand } from './records/index.ts';

export interface FoundOptions {
  readonly home: string;
  readonly clock: Clock;
  readonly version: string;
}

export interface NewCompany {
  readonly company: JsonObject;
  readonly mode: Exclude<Mode, 'off'>;
  readonly example?: boolean;
  readonly device?: Device;
  readonly recovery?: string;
  /** picture for the letterhead */
  readonly logo?: Uint8Array;
  /** records that are there from the start */
  readonly commands?: readonly RecordCommand[];
}

/** Makes a home with a company in it, whole or not at all. Fails as `makeHome` does. */
export async function foundHome(options: FoundOptions, founding: NewCompany): Promise<void> {
  const { home, clock, version } = options;
  const newId = createIds(clock.now);
  const { company, mode, example, device, recovery, logo, commands = [] } = founding;
  await makeHome(home, async (directory) => {
    const id = commands.find(({ record }) => record === 'company')?.id ?? newId();
    const opened = await openHome({
      ...{ home: directory, clock, version, company: id },
      isTestClock: false,
      patienceMs: 0,
      origins: () => [],
      report: () => undefined,
      onFatal: () => undefined, // the append that met it fails, and with it the founding
    });
    try {
      const { log, blobs, kernel } = opened.services;
      const picture = logo === undefined ? {} : { logo: await blobs.put(logo) };
      await foundCompany(
        { log, clock, newId },
        {
          ...{ company: { ...company, ...picture }, mode, logKey: opened.logKey },
          ...(example ? { example } : {}),
          ...(device ? { device } : {}),
          ...(recovery === undefined ? {} : { recovery }),
        },
      );
      await publishPlaybooks(log, freelancerPack.playbooks, 'Came with this version.');
      const others = commands.filter(({ record }) => record !== 'company');
      if (others.length > 0) await kernel.change(others, { by: EXAMPLE_OPERATOR });
    } finally {
      await opened.close({ checkpoint: true });
    }
  });
}

const EXAMPLE_OPERATOR = 'operator:example';

/** A company to try things out with: sandbox mode, believable records. */
export async function foundExample(options: FoundOptions): Promise<void> {
  const newId = createIds(options.clock.now);
  const { commands } = exampleCompany(newId(), newId, dayIn(EXAMPLE_ZONE, options.clock.now()));
  const first = commands.find(({ record }) => record === 'company');
  const company = first?.type === 'create' ? first.set : {};
  await foundHome(options, { company, mode: 'sandbox', example: true, commands });
}

/** What the example's operator has asked for, so that work waits in the inbox. Does nothing twice. */
export async function startExample({ services }: OpenHome): Promise<void> {
  const { kernel, log, newId } = services;
  const control = await log.fold(controlFold).get('control');
  if (!control?.example || (await log.fold(runsFold).count()) > 0) return;
  const founded = dayIn(EXAMPLE_ZONE, Date.parse(control.founded));
  for (const words of exampleCompany(log.company, newId, founded).goals) {
    const { run } = await kernel.submit({ words, by: EXAMPLE_OPERATOR });
    await kernel.rest(run);
  }
}

/** A device of the command line, enrolled now. */
export function cliDevice(
  key: Pick<Device, 'id' | 'name' | 'publicKey' | 'assurance'>,
  clock: Clock,
): Device {
  const { id, name, publicKey, assurance } = key;
  return {
    ...{ id, name, publicKey, assurance },
    kind: 'cli',
    enrolledAt: toTimestamp(clock.now()),
  };
}
