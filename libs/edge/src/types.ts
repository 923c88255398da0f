/** What a command, or a daemon's socket, shows and asks for: JSON as it is. */
import type { Scope } from '@plexsphere/wire';
import type { NodeStanding } from './folder/standing';

/** How long a replaced key is kept where nobody says. */
export const DEFAULT_KEEP_OLD_MS = 86_400_000;

export interface ArchivedKey {
  file: string;
  generation: number;
  delete_at: string;
}

/** What `edge status` shows; all of it is known on the host. */
export interface EdgeStatus {
  node_id: string;
  scope: Scope;
  name: string;
  /** What the platform last said. */
  status: NodeStanding;
  /** Whether the stream is up; null where no daemon runs. */
  connected: boolean | null;
  generation: number;
  /** nkey, `U…`. */
  public_key: string;
  /** `SHA256:` and base64 of the raw key's SHA-256, without padding. */
  key_fingerprint: string;
  /** Null: it holds until it is revoked. */
  token_expires: string | null;
  rotate_after: string | null;
  /** Past `rotate_after`. */
  overdue: boolean;
  /** What was asked for and is not done with. */
  pending: 'key-change' | 'token' | null;
  contested_since: string | null;
  archive: ArchivedKey[];
}

/** A Node's key, or token, as it is from now on. */
export interface EdgeChanged {
  node_id: string;
  generation: number;
  key_fingerprint: string;
  token_expires: string | null;
  /** Whether the platform has ended what was before; where not, it ends by itself within a minute. */
  confirmed: boolean;
  /** Of a key change: where the old key is. */
  archived: string | null;
}
