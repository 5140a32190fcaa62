// hooks: addresses where others may tell us something. Part of the kernel; others enter through its door.
// Owns: what counts as told, once, and what that starts. Never: believes a payload more than its labels.
export {
  createHooks,
  type DeliveryView,
  type Hooks,
  type HooksPorts,
  type HookView,
} from './hooks.ts';
export type { Knock, Receive, Received } from './receive.ts';
