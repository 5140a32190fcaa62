// log: the company's facts in one chain, and the folds that follow them.
// Owns: envelope, hash chain, folds, checkpoints, verification. Never: knows what an event means. Floor 2.
export {
  canonicalFieldLabels,
  canonicalHeader,
  canonicalLabel,
  dataCommitment,
  GENESIS,
  headerText,
} from './chain.ts';
export {
  type Checkpoint,
  type CheckpointSigner,
  checkpointOf,
  formatCheckpoint,
  parseCheckpoint,
  verifyCheckpoint,
} from './checkpoint.ts';
export { type Checkpointer, type CheckpointerPorts, createCheckpointer } from './checkpointer.ts';
export { createLog, type LogPorts } from './create-log.ts';
export {
  type Fold,
  type FoldPlace,
  type FoldQuery,
  type FoldReader,
  type FoldRow,
  type IndexValue,
  indexValue,
  type SomeFold,
} from './fold.ts';
export type {
  Appended,
  AppendOptions,
  Blobs,
  KeyVault,
  Log,
  LogHead,
  ReadOptions,
  StreamAppend,
} from './port.ts';
export { DAMAGED_FIELD, ERASED_FIELD, looksSealed } from './seal.ts';
export type { AnyFold, RawEvent, Store } from './store.ts';
export { type Upcasters, upcast } from './upcast.ts';
export { type ChainLink, type ChainReport, verifyChain, verifyLinks } from './verify.ts';
