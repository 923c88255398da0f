/**
 * Who says what to whom on the bus, and how much at once: one row a way of speaking. From these rows come the
 * permissions of every credential (permissions.ts) and what a service lets reach its handlers (admission.ts), so that
 * nobody can be asked by somebody to whom they may not answer.
 */
import { COMMANDS, COMMAND_NAMES, HTTP_COMMANDS, PAYLOAD_BYTES, type HttpCommand } from './commands/table';
import { BATCH_BYTES } from './request-batches';
import { PLATFORM } from './scope';
import { SERVICE_NAMES } from './services';
import {
  ANY_SIGNER_VERBS,
  EVENT_STREAM,
  LEASE_KINDS,
  NODE_KEY_VERBS,
  SCOPE_SIGNER_VERBS,
  subjects,
  type LeaseKind,
  type NodeKeyVerb,
  type ScopeSignerVerb,
} from './subjects';

/** Everybody who has a credential of their own kind. */
export const USER_KINDS = ['node', 'operator', ...SERVICE_NAMES] as const;
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
  /** The most that its headers may have, where a handler reads any. */
  headerBytes?: number;
  /** What waits for the same kind of work, each asker in a place of their own. News wait for nothing. */
  queue: 'commands' | 'registrations' | 'reports' | 'node keys' | 'renewals' | 'signing' | 'node words' | 'news';
  /** Of Nodes for those alone that have a Node key: their tokens say so. */
  ofNodeKeys?: true;
  /** The tokens of the subject that tell the askers in a queue apart, beside the kind of inbox that the answer goes to. */
  askers: readonly number[];
}

const KIB = 1_024;
const WORDS_BYTES = 16 * KIB;
const TO_SIGN_BYTES = 128 * KIB;
const TO_SCOPE_SIGNER_BYTES: Partial<Record<ScopeSignerVerb, number>> = {
  'sign-envelope': PAYLOAD_BYTES,
  'sign-batch': BATCH_BYTES,
  // Eight audiences and a scope; whoever asks has parsed a request of no more.
  'sign-jwt': WORDS_BYTES,
};
/** A bearer, a name for the request, an address. */
const CALLER_BYTES = 2 * KIB;
/** Of some thousand Nodes by their ids. */
const CALLED_BYTES = 384 * KIB;
/** What grows with the installation (scopes of a holder, revocations of the account): a whole message of the bus. */
const BUS_MESSAGE_BYTES = 1_024 * KIB;

/** An operator's to rotation; each operator has a place in the queue. */
const command = (subject: string, limitBytes: number): Traffic => ({
  subject,
  speakers: ['operator'],
  listeners: ['rotation'],
  answered: true,
  limitBytes,
  queue: 'commands',
  askers: [1],
});

/**
 * A gateway's to rotation, for an operator over HTTP: all of them have one place, since whose bearer it is shows when it is
 * looked up, and whoever has a gateway's credential could make up any number.
 */
const commandOverHttp = (name: HttpCommand): Traffic => ({
  ...command(subjects.httpCommand(name), COMMANDS[name].limitBytes),
  speakers: ['gateway'],
  headerBytes: CALLER_BYTES,
  askers: [],
});

/** A lease holder's to rotation, each kind under its own name; each holder has a place in the queue. */
const renewal = (kind: LeaseKind): Traffic => ({
  subject: subjects.renewLease(kind, '*'),
  speakers: [kind],
  listeners: ['rotation'],
  heardAs: subjects.renewLease('*', '*'),
  answered: true,
  limitBytes: BUS_MESSAGE_BYTES,
  queue: 'renewals',
  askers: [3],
});

/** Rotation's to one signer, whichever or this one. */
const toSigner = (subject: string, heardAs: string, limitBytes: number): Traffic => ({
  subject,
  speakers: ['rotation'],
  listeners: ['signer'],
  heardAs,
  answered: true,
  limitBytes,
  queue: 'signing',
  askers: [],
});

/**
 * A service's to a signer that serves the scope; each service has a place in the queue for each scope. Bundles of all
 * scopes are the platform's key to sign.
 */
const toScopeSigner = (verb: ScopeSignerVerb, limitBytes: number): Traffic => ({
  ...toSigner(subjects.scopeSigner(verb === 'sign-bundle' ? PLATFORM : '*', verb), 'signer.scope.*.*', limitBytes),
  speakers: SCOPE_SIGNER_VERBS[verb],
  askers: [2],
});

/** What nobody waits for. */
const news = (
  subject: string,
  speakers: readonly UserKind[],
  listeners: readonly UserKind[],
  limitBytes: number,
): Traffic => ({ subject, speakers, listeners, answered: false, limitBytes, queue: 'news', askers: [] });

/** What rotation tells of its commits. Nobody reads the bodies. */
const told = (subject: string, listeners: readonly UserKind[]): Traffic =>
  news(subject, ['rotation'], listeners, WORDS_BYTES);

/** What the server republishes of its stream to a Node. */
const toNode = (subject: string): Traffic => news(subject, [], ['node'], BUS_MESSAGE_BYTES);

/** A bare word of a Node's to a relay; each Node has a place in the queue. */
const nodeWord = (subject: string): Traffic => ({
  ...news(subject, ['node'], ['outbox-relay'], WORDS_BYTES),
  queue: 'node words',
  askers: [1],
});

/** The same from a gateway, which says it of a Node whose bearer it was shown; each Node has a place in the queue. */
const wordOfNode = (subject: string): Traffic => ({ ...nodeWord(subject), speakers: ['gateway'] });

/** A gateway's to rotation on behalf of a Node, by name where it has one already. */
const callOfNode = (subject: string, askers: readonly number[]): Traffic => ({
  ...command(subject, WORDS_BYTES),
  speakers: ['gateway'],
  askers,
});

/** The same for what proves itself. Whoever comes new is nobody yet, and waits among those who register. */
const wordOfNodeKey = (verb: NodeKeyVerb): Traffic =>
  verb === 'enroll'
    ? { ...callOfNode(subjects.httpNodeKey('*', verb), []), queue: 'registrations' }
    : { ...callOfNode(subjects.httpNodeKey('*', verb), [1]), queue: 'node keys' };

/** A relay's to the server, which answers itself. */
const toServer = (subject: string): Traffic => ({
  ...news(subject, ['outbox-relay'], [], BUS_MESSAGE_BYTES),
  answered: true,
});

const EVERY_COMMAND_BYTES = Math.min(...COMMAND_NAMES.map((name) => COMMANDS[name].limitBytes));

/** The first row that a subject fits is its row. */
export const TRAFFIC: readonly Traffic[] = [
  // A credential is made once and outlives versions: its rights name no command. Those that say more have their own row.
  ...COMMAND_NAMES.filter((name) => COMMANDS[name].limitBytes > EVERY_COMMAND_BYTES).map((name) =>
    command(subjects.command(OWN, name), COMMANDS[name].limitBytes),
  ),
  command(subjects.everyCommand(OWN), EVERY_COMMAND_BYTES),

  ...LEASE_KINDS.map(renewal),

  ...ANY_SIGNER_VERBS.map((verb) =>
    toSigner(subjects.anySigner(verb), 'signer.any.*', verb === 'sign-bus-account' ? BUS_MESSAGE_BYTES : TO_SIGN_BYTES),
  ),
  ...(Object.keys(SCOPE_SIGNER_VERBS) as ScopeSignerVerb[]).map((verb) =>
    toScopeSigner(verb, TO_SCOPE_SIGNER_BYTES[verb] ?? TO_SIGN_BYTES),
  ),
  toSigner(subjects.thatSigner('*', 'load-key'), 'signer.at.*.*', TO_SIGN_BYTES),

  told(subjects.ringChanged, ['signer', 'outbox-relay', 'gateway']),
  told(subjects.outboxChanged, ['outbox-relay']),

  // Between relays and Nodes: out over the stream, which is the server's, back as bare words.
  toServer(subjects.eventsOut('*')),
  toNode(subjects.nodeEvents(OWN)),
  { ...news(subjects.nodeOrder(OWN), ['rotation'], ['node'], WORDS_BYTES), ofNodeKeys: true },
  nodeWord(subjects.nodeHello(OWN)),
  nodeWord(subjects.nodeAck(OWN)),
  { ...command(subjects.nodeChannel(OWN), WORDS_BYTES), speakers: ['node'], queue: 'reports' },

  // Gateways speak for Nodes over HTTP, which have subjects of their own: none hears a Node on the bus, or speaks for one.
  toServer(subjects.httpEventsOut('*')),
  news(subjects.httpEvents('*'), [], ['gateway'], BUS_MESSAGE_BYTES),
  wordOfNode(subjects.httpWord('*')),
  wordOfNode(subjects.httpHello('*')),
  wordOfNode(subjects.httpAck('*')),
  news(subjects.httpCalled, ['gateway'], ['outbox-relay'], CALLED_BYTES),
  news(subjects.httpSeen('*'), ['gateway'], ['gateway'], WORDS_BYTES),
  callOfNode(subjects.httpWireguard('*'), [1]),
  ...NODE_KEY_VERBS.map(wordOfNodeKey),
  { ...callOfNode(subjects.httpChannel('*'), [1]), queue: 'reports' },
  callOfNode(subjects.httpDeregister('*'), [1]),
  ...HTTP_COMMANDS.map(commandOverHttp),
  // Which scope a newcomer's token is for is not known before its turn.
  { ...callOfNode(subjects.register, []), queue: 'registrations' },

  ...['CREATE', 'INFO', 'MSG.GET'].map((call) => toServer(`$JS.API.STREAM.${call}.${EVENT_STREAM.name}`)),
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

/** The rows of which a subject, as a pattern says it, is one; and those that are among what the pattern says. */
export function trafficWithin(pattern: string, table: readonly Traffic[] = TRAFFIC): Traffic[] {
  const parts = pattern.split('.');
  return table.filter((row) => fits(partsOf(row), parts) || fits(parts, partsOf(row)));
}
