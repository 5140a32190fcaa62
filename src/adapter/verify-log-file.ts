import { Worker } from 'node:worker_threads';
import { Failure, type FailureCode, failure } from '../contract/index.ts';
import type { ChainReport, LogHead } from '../log/index.ts';

export interface VerifyLogOptions {
  /** heads that were kept elsewhere and whose signatures hold */
  readonly checkpoints?: readonly LogHead[];
  /** called with the seq that was reached, every few thousand events */
  readonly onProgress?: (seq: number) => void;
}

/** What the worker is given. */
export interface VerifyOrder {
  readonly file: string;
  readonly checkpoints: readonly LogHead[];
}

/** What the worker says; the last message is never `progress`. */
export type VerifyMessage =
  | { readonly type: 'progress'; readonly seq: number }
  | { readonly type: 'report'; readonly report: ChainReport }
  | {
      readonly type: 'failure';
      readonly code: FailureCode;
      readonly message: string;
      readonly facts: Failure['facts'];
      readonly remedy: string;
    };

/**
 * Verifies the whole chain of a log's file in a thread of its own, also while the log is being written.
 * Fails with `store_broken`, `store_too_new`, `no_company` when the file cannot be opened.
 */
export function verifyLogFile(
  file: string,
  { checkpoints = [], onProgress }: VerifyLogOptions = {},
): Promise<ChainReport> {
  const order: VerifyOrder = { file, checkpoints };
  const worker = new Worker(new URL('./verify-worker.ts', import.meta.url), { workerData: order });
  return new Promise<ChainReport>((resolve, reject) => {
    worker.on('message', (message: VerifyMessage) => {
      switch (message.type) {
        case 'progress':
          return onProgress?.(message.seq);
        case 'report':
          return resolve(message.report);
        case 'failure':
          return reject(new Failure(message.code, message.message, message.facts, message.remedy));
      }
    });
    worker.on('error', reject);
    // After an answer this changes nothing: a promise is settled once.
    worker.on('exit', (code) => reject(failure('internal', 'The check ended early.', { code })));
  });
}
