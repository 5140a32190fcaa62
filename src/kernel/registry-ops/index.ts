// registry-ops: versions of playbooks and what can be done with them. Part of the kernel.
export { migrationObstacles } from './migration.ts';
export {
  createPlaybookRegistry,
  type PlaybookRegistry,
  type PlaybookVersion,
  type Published,
  type RegistryPorts,
} from './playbook-registry.ts';
