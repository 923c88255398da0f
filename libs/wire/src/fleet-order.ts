/** How a fleet run goes about its Nodes, and what it is where nobody says. */
export const FLEET_MODES = ['sequential', 'rolling', 'parallel'] as const;
export type FleetMode = (typeof FLEET_MODES)[number];
export const FLEET_ON_ERROR = ['continue', 'stop-after', 'fail-fast'] as const;
export type FleetOnError = (typeof FLEET_ON_ERROR)[number];

export const DEFAULT_FLEET = { mode: 'rolling', batch: 5, on_error: 'continue', deadline_seconds: 60 } as const;
