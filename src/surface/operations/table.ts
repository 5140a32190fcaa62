import { blobOperation } from './blobs.ts';
import {
  deviceEnrolOperation,
  deviceInviteOperation,
  deviceRevokeOperation,
  devicesOperation,
  signInLinkOperation,
} from './devices.ts';
import { eventsOperation } from './events.ts';
import { doctorOperation, healthOperation } from './health.ts';
import { importPartiesOperation, importTimeOperation } from './imports.ts';
import {
  answerOperation,
  approveOperation,
  editOperation,
  inboxOperation,
  rejectOperation,
  showOperation,
  snoozeOperation,
} from './inbox.ts';
import { logOperation, logVerifyOperation } from './log.ts';
import type { Operation } from './operation.ts';
import {
  archiveRecordOperation,
  changeRecordOperation,
  createRecordOperation,
  historyOperation,
  recordOperation,
  recordsOperation,
  recordTypesOperation,
} from './records.ts';
import { capabilitiesOperation, connectorsOperation, playbooksOperation } from './registry.ts';
import { cancelOperation, doOperation, runOperation, runsOperation } from './runs.ts';
import {
  attachDeviceOperation,
  challengeOperation,
  sessionOperation,
  signInOperation,
  signOutOperation,
} from './session.ts';

/** Everything that can be asked of Steward, once. Routes, commands and the API's description follow it. */
export const OPERATIONS: readonly Operation[] = [
  doOperation,
  inboxOperation,
  showOperation,
  approveOperation,
  rejectOperation,
  editOperation,
  answerOperation,
  snoozeOperation,
  runsOperation,
  runOperation,
  cancelOperation,
  recordsOperation,
  recordTypesOperation,
  recordOperation,
  historyOperation,
  createRecordOperation,
  changeRecordOperation,
  archiveRecordOperation,
  importTimeOperation,
  importPartiesOperation,
  logOperation,
  logVerifyOperation,
  eventsOperation,
  blobOperation,
  capabilitiesOperation,
  playbooksOperation,
  connectorsOperation,
  devicesOperation,
  deviceInviteOperation,
  deviceEnrolOperation,
  deviceRevokeOperation,
  signInLinkOperation,
  sessionOperation,
  signInOperation,
  challengeOperation,
  attachDeviceOperation,
  signOutOperation,
  healthOperation,
  doctorOperation,
];
