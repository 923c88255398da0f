/** What a Node and a relay say to each other, beside envelopes. All of it JSON. */

/** Node → relay, on `nodeHello`: what the Node has; the answer comes on the Node's own stream. */
export interface Hello {
  /** Chosen by the Node; the `ready` message that answers it carries the same. */
  hello_id: string;
  epoch: number;
  platform_epoch: number;
  /** The highest position applied; 0 before the first. */
  position: number;
}

/** Node → relay, on `nodeAck`: cumulative, after the handler returned and the state is on the Node's disk. */
export interface Ack {
  epoch: number;
  platform_epoch: number;
  position: number;
}

/** Relay → Node, kind `chain`: proves itself, so it is no envelope. Statements oldest first. */
export interface Chain {
  platform_statements: string[];
  statements: string[];
  /** A trust bundle by the platform key (compact JWS), at most 60 s old when it is handed out. */
  bundle: string;
}

/** Rotation → everyone who holds a lease, on `ringChanged`. */
export interface RingChanged {
  scope: string;
  epoch: number;
}

/** Payload of `signing_key_rotated` (section 6 of DESIGN; `current` and `previous` as Go Nodes read them). */
export interface SigningKeyRotated {
  current: string;
  previous: string;
  transition_expires: string;
  scope: string;
  old_key_id: string;
  new_key_id: string;
  opened_at: string;
  epoch: number;
  statement: string;
}

/** Payload of `signing_key_retired`: from this epoch on, `active_key_id` alone verifies. */
export interface SigningKeyRetired {
  scope: string;
  epoch: number;
  retired_key_id: string;
  active_key_id: string;
}

/** Payload of `platform_key_rotated`, signed by the Domain's key: the platform's statement proves the change. */
export interface PlatformKeyRotated {
  epoch: number;
  transition_expires: string;
  statement: string;
}
