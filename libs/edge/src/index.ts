/**
 * A Node with a key of its own: its folder, and how its key and token change without its stream noticing. The agent and
 * `plexctl edge` both work by it. Knows gateways by their routes, the bus by the SDK; no database, no Nest, no service.
 *
 * folder: what is on the disk · gateway: what is asked by a proof of the key · engine: one change after the other.
 */
export type { EdgeAgent, EdgeAgentOptions, EdgeObserver } from './edge-agent';
export { EdgeError, type EdgeErrorCode } from './edge-error';
export { EdgeFolder, readHeld, type Held } from './folder/edge-folder';
export type { ArchivedKey, EdgeChanged, EdgeStatus } from './types';
export { AgentDoor } from './agent/agent-door';
export { LONGEST_KEPT_MS, type AgentAsk } from './agent/agent-protocol';
export { askAgent } from './agent/ask-agent';
export { hostAgent, type Hosting } from './agent/host-agent';
export { edgeSightings, nodeSightings, type Show, type Sighting } from './agent/sightings';
export { serviceManager, type ServiceManager } from './agent/service-manager';
