// connect: what every adapter to an outside system promises.
// Owns: the connector port. Never: decides whether something may happen. Floor 2.
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
