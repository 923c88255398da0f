/**
 * A Node with a key of its own: its folder, and how its key and token change without its stream noticing. The agent and
 * `plexctl edge` both work by it. Knows gateways by their routes, the bus by the SDK; no database, no Nest, no service.
 *
 * folder: what is on the disk · gateway: what is asked by a proof of the key · engine: one change after the other.
 */
export { openEdgeAgent, type EdgeAgent, type EdgeAgentOptions, type EdgeObserver } from './edge-agent';
export { adoptNode, enrolByToken, type AdoptNode, type EnrolByToken } from './enrol';
export { statusOf } from './engine/status';
export { EdgeError, type EdgeErrorCode } from './edge-error';
export { EdgeFolder, readHeld, type Held } from './folder/edge-folder';
export { DEFAULT_KEEP_OLD_MS, type ArchivedKey, type EdgeChanged, type EdgeStatus } from './types';
export { AgentDoor } from './agent/agent-door';
export { LONGEST_KEPT_MS, type AgentAsk } from './agent/agent-protocol';
export { askAgent } from './agent/ask-agent';
export { hostAgent, type Hosting } from './agent/host-agent';
export { edgeSightings, nodeSightings, type Show, type Sighting } from './agent/sightings';
export { serviceManager, type ServiceManager } from './agent/service-manager';
