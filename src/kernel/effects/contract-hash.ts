import { z } from 'zod';
import { canonicalJson, type Json, type Sha256, sha256 } from '../../base/index.ts';
import type { CapabilityContract } from '../../contract/index.ts';

const known = new WeakMap<CapabilityContract, Sha256>();

/** SHA-256 of the contract as data: an approval covers the promise that it was given under. */
export function contractHash(contract: CapabilityContract): Sha256 {
  let hash = known.get(contract);
  if (!hash) {
    hash = sha256(canonicalJson(contractData(contract)));
    known.set(contract, hash);
  }
  return hash;
}

/** The contract with its schemas as JSON Schema, for hashing, lists and documentation. */
export function contractData(contract: CapabilityContract): Json {
  const { input, output, ...rest } = contract;
  const options = { unrepresentable: 'any', io: 'input' } as const;
  return JSON.parse(
    JSON.stringify({
      ...rest,
      input: z.toJSONSchema(input, options),
      output: z.toJSONSchema(output, options),
    }),
  );
}
