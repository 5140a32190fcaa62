// surface: the doors. One table of operations becomes routes, commands and the API's description.
// Owns: how people and programs ask, and how answers look. Never: a business rule. Floor 8.

export type { CliDevice, CliPorts, Door, ServeOptions } from './cli/cli-ports.ts';
export { loadCli } from './cli/load-cli.ts';
export type { Asset, Assets } from './http/assets.ts';
export { type App, type AppOptions, createApp } from './http/create-app.ts';
export {
  type BrowserKey,
  createOnboardingApp,
  type Founded,
  type OnboardingApp,
} from './http/create-onboarding-app.ts';
export type { Services } from './operations/operation.ts';
export { OPERATIONS } from './operations/table.ts';
export { createPasskeyOffers } from './sessions/passkey-offers.ts';
export { createSessions, type Sessions } from './sessions/sessions.ts';
