/** Limits that more than one module must agree on. Each has its unit and its reason. */
export const LIMITS = {
  /** bytes of one event's data: a larger one belongs in a blob, and must never wedge the log */
  eventDataBytes: 256 * 1024,
  /** events in one append: an atomic change stays small enough to hold in memory twice */
  appendEvents: 10_000,
  /** bytes of a step's output kept inline; a larger one becomes a handle to a blob */
  inlineOutputBytes: 32 * 1024,
  /** bytes of one blob: an e-mail with attachments fits, a disk image does not */
  blobBytes: 64 * 1024 * 1024,
  /** rows in one answer of a list */
  pageRows: 1_000,
} as const;
