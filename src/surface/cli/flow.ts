import type { Json, JsonObject } from '../../base/index.ts';
import type { Operation } from '../operations/operation.ts';
import type { CliDevice, CliPorts } from './cli-ports.ts';
import type { Client } from './client.ts';
import type { Screen } from './screen.ts';

/** What a command came to. */
export interface Outcome {
  readonly data: Json;
  /** what is shown to a person, where that is more */
  readonly shown?: Json;
  /** exit code, where it is not 0 although nothing failed */
  readonly exit?: number;
}

export interface FlowPorts {
  readonly cli: CliPorts;
  readonly client: Client;
  readonly screen: () => Promise<Screen>;
  /** this machine's key; enrolled where that needs nobody's word */
  readonly device: () => Promise<CliDevice>;
  readonly json: boolean;
}

/** What a command does beyond asking for its operation. */
export type Flow = (ports: FlowPorts, operation: Operation, input: JsonObject) => Promise<Outcome>;
