/**
 * Who says what to whom on the bus, and how much at once: one row a way of speaking. From these rows come the
 * permissions of every credential (permissions.ts) and what a service lets reach its handlers (admission.ts), so that
 * nobody can be asked by somebody to whom they may not answer.
 */
import { MAX_ENVELOPE_BYTES } from './envelope';
import { SERVICE_NAMES } from './services';
import {
  ANY_SIGNER_VERBS,
  EVENT_STREAM,
  LEASE_KINDS,
  subjects,
  type AnySignerVerb,
  type Command,
  type ScopeSignerVerb,
} from './subjects';

/** Everybody who has, or will have, a credential of their own kind. The gateway is no service yet. */
export const USER_KINDS = ['node', 'operator', ...SERVICE_NAMES, 'gateway'] as const;
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
  /** What waits for the same kind of work, each asker in a place of their own. News wait for nothing. */
  queue: 'commands' | 'renewals' | 'signing' | 'node words' | 'news';
  /** The tokens of the subject that tell the askers in a queue apart, beside the kind of inbox that the answer goes to. */
  askers: readonly number[];
}

const KIB = 1_024;

const NODE_WORDS_BYTES = 16 * KIB;
/** Scopes, names and a reason: whoever says more says nothing that is asked for. */
const COMMAND_BYTES = 16 * KIB;
/** A JWS or what is to be signed by one, and a token's list of scopes. */
const LONG_COMMAND_BYTES = 128 * KIB;
const LONG_COMMANDS = ['signing.sign', 'signing.verify', 'token.create'] as const satisfies readonly Command[];
/** An event's payload travels as text in a JSON string, where six bytes (a `\u0041`) may stand for one. */
const PAYLOAD_BYTES = LONG_COMMAND_BYTES + 6 * MAX_ENVELOPE_BYTES;
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

const request = { answered: true } as const;
const event = { answered: false, limitBytes: NODE_WORDS_BYTES } as const;
const news = { ...event, speakers: ['rotation'], queue: 'news', askers: [] } as const;
const ofNode = { ...event, queue: 'node words', askers: [1] } as const;
const command = {
  ...request,
  speakers: ['operator'],
  listeners: ['rotation'],
  limitBytes: COMMAND_BYTES,
  queue: 'commands',
  askers: [1],
} as const;
const toSigner = {
  ...request,
  listeners: ['signer'],
  limitBytes: LONG_COMMAND_BYTES,
  queue: 'signing',
  askers: [],
} as const;

const scopeSigner = ([verb, speakers]: [string, readonly UserKind[]]): Traffic => ({
  ...toSigner,
  subject: subjects.scopeSigner('*', verb as ScopeSignerVerb),
  speakers,
  heardAs: 'signer.scope.*.*',
  askers: [2],
  ...(verb === 'sign-envelope' ? { limitBytes: PAYLOAD_BYTES } : {}),
});

const anySigner = (verb: AnySignerVerb): Traffic => ({
  ...toSigner,
  subject: subjects.anySigner(verb),
  speakers: ['rotation'],
  heardAs: 'signer.any.*',
  ...(verb === 'sign-bus-account' ? { limitBytes: BUS_MESSAGE_BYTES } : {}),
});

/** Said by a relay, and answered by the server itself. */
const toServer = (subject: string): Traffic => ({
  ...request,
  subject,
  speakers: ['outbox-relay'],
  listeners: [],
  limitBytes: BUS_MESSAGE_BYTES,
  queue: 'news',
  askers: [],
});

const jetStream = (call: string): Traffic => toServer(`$JS.API.STREAM.${call}.${EVENT_STREAM.name}`);

/** The first row that a subject fits is its row. */
export const TRAFFIC: readonly Traffic[] = [
  // Operators to rotation. A credential is made once and outlives versions: it names no command.
  { ...command, subject: subjects.command(OWN, 'events.publish'), limitBytes: PAYLOAD_BYTES },
  ...LONG_COMMANDS.map((name): Traffic => ({
    ...command,
    subject: subjects.command(OWN, name),
    limitBytes: LONG_COMMAND_BYTES,
  })),
  { ...command, subject: subjects.everyCommand(OWN) },

  // Holders of leases to rotation, each kind under its own name.
  ...LEASE_KINDS.map((kind): Traffic => ({
    ...request,
    subject: subjects.renewLease(kind, '*'),
    speakers: [kind],
    listeners: ['rotation'],
    heardAs: subjects.renewLease('*', '*'),
    limitBytes: BUS_MESSAGE_BYTES,
    queue: 'renewals',
    askers: [3],
  })),

  // To signers.
  ...ANY_SIGNER_VERBS.map(anySigner),
  ...Object.entries(SCOPE_SIGNER_ASKERS).map(scopeSigner),
  { ...toSigner, subject: subjects.thatSigner('*', 'load-key'), speakers: ['rotation'], heardAs: 'signer.at.*.*' },

  // What rotation tells of its commits. Nobody reads the bodies.
  { ...news, subject: subjects.ringChanged, listeners: ['signer', 'outbox-relay', 'gateway'] },
  { ...news, subject: subjects.outboxChanged, listeners: ['outbox-relay'] },

  // Between relays and Nodes: out over the stream, which is the server's, back as bare words.
  toServer(subjects.eventsOut('*')),
  { ...news, subject: subjects.nodeEvents(OWN), speakers: [], listeners: ['node'], limitBytes: BUS_MESSAGE_BYTES },
  { ...ofNode, subject: subjects.nodeHello(OWN), speakers: ['node'], listeners: ['outbox-relay'] },
  { ...ofNode, subject: subjects.nodeAck(OWN), speakers: ['node'], listeners: ['outbox-relay'] },
  jetStream('CREATE'),
  jetStream('INFO'),
  jetStream('MSG.GET'),
];

/** NATS: `*` is one token, `>` is one or more at the end. */
export const matches = (pattern: string, subject: string): boolean => fits(pattern.split('.'), subject.split('.'));

function fits(parts: readonly string[], tokens: readonly string[]): boolean {
  const open = parts.at(-1) === '>';
  if (open ? tokens.length < parts.length : tokens.length !== parts.length) return false;
  return parts.every((part, index) => part === '>' || part === '*' || part === OWN || part === tokens[index]);
}

/** Split once: every message is looked up here. */
const patterns = new WeakMap<Traffic, string[]>();

function partsOf(row: Traffic): string[] {
  const known = patterns.get(row);
  if (known !== undefined) return known;
  const parts = row.subject.split('.');
  patterns.set(row, parts);
  return parts;
}

export function trafficOn(subject: string, table: readonly Traffic[] = TRAFFIC): Traffic | undefined {
  const tokens = subject.split('.');
  return table.find((row) => fits(partsOf(row), tokens));
}

const INBOXES = '_INBOX';

/**
 * Where a kind hears its answers. Operators and Nodes are many, and each hears its own alone; the replicas of a service
 * share one credential, and so one inbox.
 */
export const inboxOf = (kind: UserKind, id?: string): string =>
  id === undefined ? `${INBOXES}.${kind}` : `${INBOXES}.${kind}.${id}`;
