// connect: what every adapter to an outside system promises.
// Owns: the connector port, and asking through it in time. Never: decides whether something may happen.
// Floor 2.

export type { Egress, EgressRequest, EgressResponse, Headers } from './egress.ts';
export { commitInTime, finaliseInTime, probeInTime } from './in-time.ts';
export type {
  CommitPorts,
  Connector,
  EffectRequest,
  Finalised,
  FinalisePorts,
  Outcome,
  OutcomeReceipt,
  Probe,
  RecordView,
} from './port.ts';
export {
  WEBHOOK_FAULTS,
  type WebhookFault,
  type WebhookHead,
  type WebhookHeaders,
  type WebhookScheme,
} from './webhook.ts';
