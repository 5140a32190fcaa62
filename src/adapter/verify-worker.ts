import { parentPort, workerData } from 'node:worker_threads';
import { toFailure } from '../contract/index.ts';
import type { VerifyMessage, VerifyOrder } from './verify-log-file.ts';
import { verifySqliteLog } from './verify-sqlite-log.ts';

// The thread behind `verifyLogFile`.
const { file, checkpoints }: VerifyOrder = workerData;
const say = (message: VerifyMessage): void => parentPort?.postMessage(message);

try {
  const report = verifySqliteLog(file, checkpoints, (seq) => say({ type: 'progress', seq }));
  say({ type: 'report', report });
} catch (error) {
  const { code, message, facts, remedy } = toFailure(error);
  say({ type: 'failure', code, message, facts, remedy });
}
