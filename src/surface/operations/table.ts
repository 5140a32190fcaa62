import { actPerformOperation, actProposeOperation } from './acts.ts';
import { blobOperation } from './blobs.ts';
import { decisionsOperation } from './decisions.ts';
import {
  deviceAddOperation,
  deviceEnrolOperation,
  deviceInviteOperation,
  deviceRevokeOperation,
  devicesOperation,
  signInLinkOperation,
} from './devices.ts';
import { eraseOperation, erasePreviewOperation, erasuresOperation } from './erasures.ts';
import { eventsOperation } from './events.ts';
import {
  grantOperation,
  grantResumeOperation,
  grantsOperation,
  revokeOperation,
} from './grants.ts';
import { doctorOperation, healthOperation } from './health.ts';
import {
  deliveriesOperation,
  hookAddOperation,
  hookAgainOperation,
  hookEndOperation,
  hookRotateOperation,
  hookSetOperation,
  hooksOperation,
} from './hooks.ts';
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
import { connectOperation, modeOperation, resumeOperation, stopOperation } from './modes.ts';
import type { Operation } from './operation.ts';
import { passkeyAddOperation, passkeyOfferOperation, passkeyOptionsOperation } from './passkeys.ts';
import { forkOperation, replayOperation, stepOperation, whatIfOperation } from './past.ts';
import {
  playbookCheckOperation,
  playbookDiffOperation,
  playbookMigrateOperation,
  playbookPublishOperation,
  playbookRollbackOperation,
  playbookShowOperation,
} from './playbook-versions.ts';
import {
  policyBackTestOperation,
  policyDiffOperation,
  policyHistoryOperation,
  policyOperation,
  policyRollbackOperation,
  policySetOperation,
} from './policy.ts';
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
import {
  cancelOperation,
  doOperation,
  runOperation,
  runsOperation,
  undoOperation,
} from './runs.ts';
import { scheduleRemoveOperation, scheduleSetOperation, schedulesOperation } from './schedules.ts';
import {
  secretRemoveOperation,
  secretRotateOperation,
  secretSetOperation,
  secretsOperation,
} from './secrets.ts';
import {
  attachDeviceOperation,
  challengeOperation,
  sessionOperation,
  signInOperation,
  signOutOperation,
} from './session.ts';
import { tokenCreateOperation, tokenRevokeOperation, tokensOperation } from './tokens.ts';
import { locksOperation, whyOperation } from './waiting.ts';

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
  stepOperation,
  cancelOperation,
  undoOperation,
  whyOperation,
  locksOperation,
  replayOperation,
  forkOperation,
  whatIfOperation,
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
  playbookShowOperation,
  playbookDiffOperation,
  playbookCheckOperation,
  playbookPublishOperation,
  playbookRollbackOperation,
  playbookMigrateOperation,
  schedulesOperation,
  scheduleSetOperation,
  scheduleRemoveOperation,
  hooksOperation,
  hookAddOperation,
  hookSetOperation,
  hookRotateOperation,
  hookEndOperation,
  deliveriesOperation,
  hookAgainOperation,
  connectorsOperation,
  connectOperation,
  modeOperation,
  stopOperation,
  resumeOperation,
  decisionsOperation,
  grantsOperation,
  grantOperation,
  grantResumeOperation,
  revokeOperation,
  policyOperation,
  policyHistoryOperation,
  policyDiffOperation,
  policyBackTestOperation,
  policySetOperation,
  policyRollbackOperation,
  secretsOperation,
  secretSetOperation,
  secretRotateOperation,
  secretRemoveOperation,
  tokensOperation,
  tokenCreateOperation,
  tokenRevokeOperation,
  eraseOperation,
  erasePreviewOperation,
  erasuresOperation,
  actProposeOperation,
  actPerformOperation,
  devicesOperation,
  deviceInviteOperation,
  deviceEnrolOperation,
  deviceAddOperation,
  deviceRevokeOperation,
  passkeyOptionsOperation,
  passkeyOfferOperation,
  passkeyAddOperation,
  signInLinkOperation,
  sessionOperation,
  signInOperation,
  challengeOperation,
  attachDeviceOperation,
  signOutOperation,
  healthOperation,
  doctorOperation,
];
