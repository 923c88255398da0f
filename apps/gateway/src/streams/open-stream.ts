import type { GoRing } from '@plexsphere/keyring';
import type { Scope } from '@plexsphere/wire';
import type { Msg } from 'nats';

/** One Node's stream on this gateway, whichever way the Node listens. */
export interface OpenStream {
  readonly nodeId: string;
  readonly scope: Scope;
  /** Whether it waits for a state. */
  readonly waits: boolean;
  /** What was published to the Node. */
  hear(message: Msg): void;
  /** Something may have been missed. */
  gap(): void;
  ringChanged(ring: GoRing): void;
  /** Before the drift itself is taken in. */
  drifted(drift: { stateId: string; setsKeys: boolean }): void;
  /** Time has passed, or a state of this Node has come or gone. */
  tick(): void;
  end(): void;
  /** Nothing more goes out, not even what waits for the Node to read on. */
  cut(): void;
}
