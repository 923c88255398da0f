/**
 * Who says what to whom on the bus, and how much at once: one row a way of speaking. From these rows come the
 * permissions of every credential (permissions.ts) and what a service lets reach its handlers (admission.ts), so that
 * nobody can be asked by somebody to whom they may not answer.
 */
import { MAX_ENVELOPE_BYTES } from './envelope';
import {
  ANY_SIGNER_VERBS,
  EVENT_STREAM,
  LEASE_KINDS,
  subjects,
  type AnySignerVerb,
  type ScopeSignerVerb,
} from './subjects';

/** Everybody who has, or will have, a credential of their own kind. */
export const USER_KINDS = ['node', 'operator', 'rotation', 'signer', 'outbox-relay', 'gateway'] as const;
export type UserKind = (typeof USER_KINDS)[number];

/** In a row's subject: the id of the Node or operator that the credential is for. */
export const OWN = '{own}';

export interface Traffic {
  /** `{own}` is the speaker's or listener's own id, `*` any token, a last `>` all that follow. */
  subject: string;
  speakers: readonly UserKind[];
  listeners: readonly UserKind[];
  /** What listeners subscribe to where that is wider than the subject: a signer joins a scope with all its verbs. */
  heardAs?: string;
  /** A request, which a listener answers into the asker's inbox. What is no request is never answered. */
  answered: boolean;
  /** The largest body, in bytes. A larger one is refused unread. */
  limitBytes: number;
}

const KIB = 1_024;

const NODE_WORDS_BYTES = 16 * KIB;
const COMMAND_BYTES = 128 * KIB;
/** An event's payload travels as text in a JSON string, where six bytes (a `\u0041`) may stand for one. */
const PAYLOAD_BYTES = COMMAND_BYTES + 6 * MAX_ENVELOPE_BYTES;
/** What grows with the installation (scopes of a holder, revocations of the account): a whole message of the bus. */
const BUS_MESSAGE_BYTES = 1_024 * KIB;

const SCOPE_SIGNER_ASKERS: Readonly<Record<ScopeSignerVerb, readonly UserKind[]>> = {
  'generate-key': ['rotation'],
  'sign-envelope': ['outbox-relay'],
  announce: ['outbox-relay'],
  'sign-ready': ['outbox-relay'],
  'sign-bundle': ['rotation', 'outbox-relay', 'gateway'],
  'sign-jws': ['rotation'],
  verify: ['rotation'],
};

const LARGER_REQUESTS: Readonly<Record<string, number>> = {
  'sign-envelope': PAYLOAD_BYTES,
  // 256 Nodes of up to a KiB each.
  'sign-ready': 256 * KIB,
};

const request = { answered: true } as const;
const event = { answered: false, limitBytes: NODE_WORDS_BYTES } as const;
const toRotation = { ...request, listeners: ['rotation'] } as const;
const toSigner = { ...request, listeners: ['signer'], limitBytes: COMMAND_BYTES } as const;

const scopeSigner = ([verb, speakers]: [string, readonly UserKind[]]): Traffic => ({
  ...toSigner,
  subject: subjects.scopeSigner('*', verb as ScopeSignerVerb),
  speakers,
  heardAs: 'signer.scope.*.*',
  limitBytes: LARGER_REQUESTS[verb] ?? COMMAND_BYTES,
});

const anySigner = (verb: AnySignerVerb): Traffic => ({
  ...toSigner,
  subject: subjects.anySigner(verb),
  speakers: ['rotation'],
  heardAs: 'signer.any.*',
  ...(verb === 'sign-bus-account' ? { limitBytes: BUS_MESSAGE_BYTES } : {}),
});

/** Asked by a relay, and answered by the server itself. */
const jetStream = (call: string): Traffic => ({
  ...request,
  subject: `$JS.API.STREAM.${call}.${EVENT_STREAM.name}`,
  speakers: ['outbox-relay'],
  listeners: [],
  limitBytes: COMMAND_BYTES,
});

/** The first row that a subject fits is its row. */
export const TRAFFIC: readonly Traffic[] = [
  // Operators to rotation. A credential is made once and outlives versions: it names no command.
  {
    ...toRotation,
    subject: subjects.command(OWN, 'events.publish'),
    speakers: ['operator'],
    limitBytes: PAYLOAD_BYTES,
  },
  { ...toRotation, subject: subjects.everyCommand(OWN), speakers: ['operator'], limitBytes: COMMAND_BYTES },

  // Holders of leases to rotation, each kind under its own name.
  ...LEASE_KINDS.map((kind): Traffic => ({
    ...toRotation,
    subject: subjects.renewLease(kind, '*'),
    speakers: [kind],
    heardAs: subjects.renewLease('*', '*'),
    limitBytes: BUS_MESSAGE_BYTES,
  })),

  // To signers.
  ...ANY_SIGNER_VERBS.map(anySigner),
  ...Object.entries(SCOPE_SIGNER_ASKERS).map(scopeSigner),
  { ...toSigner, subject: subjects.thatSigner('*', 'load-key'), speakers: ['rotation'], heardAs: 'signer.at.*.*' },

  // What rotation tells of its commits. Nobody reads the bodies.
  { ...event, subject: subjects.ringChanged, speakers: ['rotation'], listeners: ['signer', 'outbox-relay', 'gateway'] },
  { ...event, subject: subjects.outboxChanged, speakers: ['rotation'], listeners: ['outbox-relay'] },

  // Between relays and Nodes: out over the stream, which is the server's, back as bare words.
  {
    subject: subjects.eventsOut('*'),
    speakers: ['outbox-relay'],
    listeners: [],
    answered: true,
    limitBytes: BUS_MESSAGE_BYTES,
  },
  { ...event, subject: subjects.nodeEvents(OWN), speakers: [], listeners: ['node'], limitBytes: BUS_MESSAGE_BYTES },
  { ...event, subject: subjects.nodeHello(OWN), speakers: ['node'], listeners: ['outbox-relay'] },
  { ...event, subject: subjects.nodeAck(OWN), speakers: ['node'], listeners: ['outbox-relay'] },
  jetStream('CREATE'),
  jetStream('INFO'),
  jetStream('MSG.GET'),
];

/** NATS: `*` is one token, `>` is one or more at the end. */
export function matches(pattern: string, subject: string): boolean {
  const tokens = subject.split('.');
  const parts = pattern.split('.');
  const open = parts.at(-1) === '>';
  if (open ? tokens.length < parts.length : tokens.length !== parts.length) return false;
  return parts.every((part, index) => part === '>' || part === '*' || part === OWN || part === tokens[index]);
}

export const trafficOn = (subject: string, table: readonly Traffic[] = TRAFFIC): Traffic | undefined =>
  table.find((row) => matches(row.subject, subject));

const INBOXES = '_INBOX';

/**
 * Where a kind hears its answers. Operators and Nodes are many, and each hears its own alone; the replicas of a service
 * share one credential, and so one inbox.
 */
export const inboxOf = (kind: UserKind, id?: string): string =>
  id === undefined ? `${INBOXES}.${kind}` : `${INBOXES}.${kind}.${id}`;
