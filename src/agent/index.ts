// agent: what fulfils capabilities, and the register of all of them.
// Owns: the agent's shape, the registry. Never: holds a connector's powers or appends. Floor 5.
export {
  type Agent,
  type AgentContext,
  type AgentResult,
  defineAgent,
  type RecordFilter,
  type RecordReads,
} from './agent.ts';
export { createRegistry, type Registered, type Registry } from './registry.ts';
