/** Headers of a message on a Node's stream. Hints to the SDK: no signature covers them, no trust rests on them. */
export const headers = {
  /** `event` (an envelope, `stream_ready` among them) or `chain` (statements and a bundle). */
  kind: 'Plexsphere-Kind',
  /** The position of an ordinary event; absent on key events. */
  position: 'Plexsphere-Position',
  /** Set by the server on a republished message: its sequence, and that of the one before on this subject. */
  sequence: 'Nats-Sequence',
  lastSequence: 'Nats-Last-Sequence',
  /** On an error reply: gRPC's canonical code name. */
  errorCode: 'Nats-Service-Error-Code',
  error: 'Nats-Service-Error',
} as const;
