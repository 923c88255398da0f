/** What a Node and a relay say to each other, beside envelopes. All of it JSON. */

/**
 * The hashes of the last statements that a Node has taken, of its own ring and of the platform's (of a Node of `platform`
 * both are of the one ring). One that stands nowhere in our chain is a fork.
 */
export interface Heads {
  ring: string;
  platform: string;
}

/** Node → relay, on `nodeAck`: cumulative, after the handler returned and the state is on the Node's disk. */
export interface Ack {
  epoch: number;
  platform_epoch: number;
  /** The highest position applied; 0 before the first. */
  position: number;
  heads: Heads;
}

/** Node → relay, on `nodeHello`: what the Node has; the answer comes on the Node's own stream. */
export interface Hello extends Ack {
  /** Chosen by the Node; the `ready` message that answers it carries the same. */
  hello_id: string;
}

/**
 * Relay → Node, kind `chain`: proves itself, so it is no envelope. Statements oldest first, at most CHAIN_STATEMENTS in
 * both lists together; a Node of `platform` gets them in `platform_statements` alone, and `statements` empty. Those that
 * the Node has taken already may stand before the others.
 *
 * A longer chain goes in parts: all but the last say `more` and have no bundle. Such a part is material for the next one
 * and nothing else, so the next one follows at once: whatever comes between them makes the Node say hello.
 *
 * A close is told so, too: no statements, and the bundle, which does not name the retired key any more.
 */
export interface Chain {
  platform_statements: string[];
  statements: string[];
  /** A trust bundle by the platform's active key (compact JWS), at most 60 s old when it is handed out. */
  bundle: string;
}

/** All of a longer chain but its last part, kind `chain` too. */
export interface ChainPart {
  platform_statements: string[];
  statements: string[];
  more: true;
}

/** Of one chain message: so that the largest fits the bus (1 MiB), with key ids of any length. */
export const CHAIN_STATEMENTS = 256;

/**
 * Payload of `stream_ready`, an envelope without a position: what the hello of this id asked for has been sent, and what
 * comes next on the stream is the event at `resumes_after` + 1, the first that is not settled, then one by one.
 */
export interface StreamReady {
  node_id: string;
  hello_id: string;
  /** Of the rings that it was made for. */
  epoch: number;
  platform_epoch: number;
  /** Everything up to here is settled: applied, superseded or expired. */
  resumes_after: number;
  /** The last position that was given to an event of this Node. */
  last_position: number;
}

/**
 * Gateway → relay, on `httpWord`: what a Node that cannot acknowledge holds, as its stream has it. One that was read before
 * the last that was handled changes nothing.
 */
export interface StreamWord {
  /** The `stream_ready` that answers it names it; null: nothing is to be sent. */
  hello_id: string | null;
  /** What the Node holds: that is what it was told. */
  epoch: number;
  /** Whether that is proven, and so settled. */
  is_proven: boolean;
  /** Events up to this position are settled; null: none but those that are. */
  position: number | null;
  /** Its stream waits for a state; until another word nothing is sent to it. `epoch` then says nothing. */
  waits: boolean;
  /** The database's time when the gateway read the Node's row as the stream was opened: RFC 3339, UTC, six digits. */
  read_at: string;
}

/**
 * Gateway → relay, on `httpCalled`, for many Nodes at once, about once a minute, and at once for one that calls the first
 * time. It is their sign of life.
 */
export interface NodesCalled {
  /** By their ids. */
  nodes: string[];
  /** Those that have had a stream since the gateway said so last. */
  streams?: string[];
}

/** Of each, in one message. */
export const MOST_CALLED = 4_000;

/**
 * Gateway → gateways, on `httpSeen`: a Node's stream may be another's than its states. `begun` is told before the row is
 * read that the answer comes from, and `answered` before it goes out: so whoever hears of a key event or of a drift has
 * heard of them.
 */
export type NodeSeen = { teller: string } & (
  | { what: 'begun'; state_id: string }
  /** By which trust epoch, as read when, and how its keys are said: in which form, and in which words. */
  | {
      what: 'answered';
      state_id: string;
      epoch: number;
      form: 'plain' | 'marked' | 'left_out';
      keys: string;
      read_at: string;
    }
  /** The Node has worked a state in; whether that set keys. */
  | { what: 'drift'; state_id: string; sets_keys: boolean }
);

/**
 * Rotation → a Node with a Node key, on `nodeOrder`: a fleet run is waiting for it. Plain, and proof of nothing: the Node asks
 * what is due, so that a forged one costs one request.
 */
export interface NodeOrder {
  run: string;
  /** RFC 3339: the step's deadline. */
  expires_at: string;
}

/** Rotation → everyone who holds a lease, on `ringChanged`. */
export interface RingChanged {
  scope: string;
  epoch: number;
}

/**
 * Payload of `signing_key_rotated`; `current` and `previous` as Go Nodes read them. All of it stands in the statement, and
 * must agree with it.
 */
export interface SigningKeyRotated {
  current: string;
  /** Absent, as its end is, where the statement leaves one key alone. */
  previous?: string;
  transition_expires?: string;
  scope: string;
  old_key_id: string;
  new_key_id: string;
  opened_at: string;
  epoch: number;
  statement: string;
}

/**
 * Payload of `platform_key_rotated`, signed by the Domain's key, which has no say: the platform's statement proves the
 * change, and what stands beside it must agree with it.
 */
export interface PlatformKeyRotated {
  epoch: number;
  /** Absent where the statement leaves one key alone. */
  transition_expires?: string;
  statement: string;
}

/**
 * Headers of a message. Of one on a Node's stream they are hints to the SDK: no signature covers them, no trust rests on them.
 */
export const headers = {
  /** `event` (an envelope, `stream_ready` among them) or `chain` (statements and a bundle). */
  kind: 'Plexsphere-Kind',
  /** The position of an ordinary event, or of a Go Node's `stream_ready`; absent on key events. */
  position: 'Plexsphere-Position',
  /**
   * On a Go Node's, for the gateway: the trust epoch that a message was made for; of a key event the told epoch whose key
   * signed it, of a `stream_ready` the hello that it answers (empty: none); the envelope's type, and when it was issued.
   */
  trustEpoch: 'Plexsphere-Trust-Epoch',
  from: 'Plexsphere-From',
  helloId: 'Plexsphere-Hello-Id',
  eventType: 'Plexsphere-Event-Type',
  issuedAt: 'Plexsphere-Issued-At',
  /** Set by the server on a republished message: its sequence, and that of the one before on this subject. */
  sequence: 'Nats-Sequence',
  lastSequence: 'Nats-Last-Sequence',
  /** On a command over HTTP: what the caller showed, what they call their request, and from where they called. */
  bearer: 'Plexsphere-Bearer',
  idempotencyKey: 'Plexsphere-Idempotency-Key',
  peer: 'Plexsphere-Peer',
  /** On a Node's question about its own key, over HTTP: the proof (compact JWS). */
  proof: 'Plexsphere-Proof',
  /** On an error reply: gRPC's canonical code name. */
  errorCode: 'Nats-Service-Error-Code',
  error: 'Nats-Service-Error',
} as const;
