import type { Command, HttpCommand } from './commands/table';
import type { Scope } from './scope';

/**
 * Every subject on the bus, in one table. Who says what there to whom is another (traffic.ts), written in terms of this
 * one and of nothing else.
 *
 * A scope is one token (`:` is legal in a subject). A key id never stands in a subject.
 */
export const subjects = {
  /** An operator's command. The server vouches for `operator`: a credential may publish below its own id only. */
  command: (operator: string, command: Command): string => `cmd.${operator}.${command}`,
  everyCommand: (operator: string): string => `cmd.${operator}.>`,
  /** A gateway's for whoever showed it their bearer, which stands in a header: rotation looks it up. */
  httpCommand: (command: HttpCommand): string => `http.command.${command}`,

  /** Any signer, lease or not: work that signs for no scope. */
  anySigner: (verb: AnySignerVerb | '*'): string => `signer.any.${verb}`,
  /** A signer that holds a lease for `scope`; without one it leaves this queue group. */
  scopeSigner: (scope: Scope, verb: ScopeSignerVerb | '*'): string => `signer.scope.${scope}.${verb}`,
  /** That very signer. `holder` is its lease's name. */
  thatSigner: (holder: string, verb: 'load-key'): string => `signer.at.${holder}.${verb}`,

  /** A holder's own words to rotation. The server vouches for `kind`: a credential may publish its own kind alone. */
  renewLease: (kind: LeaseKind | '*', holder: string): string => `rotation.renew-lease.${kind}.${holder}`,

  /** Told by rotation after the commit that changed a ring: holders renew at once. */
  ringChanged: 'changed.ring',
  /** Told by rotation after a commit that wrote the outbox: relays look at once instead of at their next turn. */
  outboxChanged: 'changed.outbox',

  /** What the stream stores; only a relay publishes here. */
  eventsOut: (nodeId: string): string => `events.bus.${nodeId}`,
  /** What the stream republishes; the one subject that a Node subscribes to. */
  nodeEvents: (nodeId: string): string => `node.${nodeId}.bus`,
  nodeHello: (nodeId: string): string => `node.${nodeId}.hello`,
  nodeAck: (nodeId: string): string => `node.${nodeId}.ack`,
  /** From rotation, to a Node with a Node key: it should ask what is due (NodeOrder). Proves nothing. */
  nodeOrder: (nodeId: string): string => `node.${nodeId}.order`,
  /** To rotation: what a channel's member holds. */
  nodeChannel: (nodeId: string): string => `node.${nodeId}.channel`,

  /** The same for a Node over HTTP: the stream republishes it to the gateways, and no Node's credential hears it. */
  httpEventsOut: (nodeId: string): string => `events.http.${nodeId}`,
  httpEvents: (nodeId: string): string => `node.${nodeId}.http`,
  /**
   * What a gateway says of a Node whose bearer it was shown, to the relays: what the Node holds, as far as that is known; of
   * one with the SDK its own hello and acknowledgement.
   */
  httpWord: (nodeId: string): string => `http.${nodeId}.word`,
  httpHello: (nodeId: string): string => `http.${nodeId}.hello`,
  httpAck: (nodeId: string): string => `http.${nodeId}.ack`,
  /** To the relays: which Nodes have called meanwhile. */
  httpCalled: 'http.called',
  /** To the other gateways: a state was begun for the Node, or its drift has come. */
  httpSeen: (nodeId: string): string => `http.${nodeId}.seen`,
  /** To rotation: the Node's new WireGuard key; what a channel's member holds; and that it leaves. */
  httpWireguard: (nodeId: string): string => `http.${nodeId}.wireguard`,
  httpChannel: (nodeId: string): string => `http.${nodeId}.channel`,
  httpDeregister: (nodeId: string): string => `http.${nodeId}.deregister`,
  /** To rotation: what a Node says of its own key, which proves itself. */
  httpNodeKey: (nodeId: string, verb: NodeKeyVerb): string => `http.${nodeId}.${verb}`,
  /** To rotation: a Node comes with an enrolment token. */
  register: 'rotation.register',
} as const;

/** What a Node may ask about its own key. `key` is both, what holds (`ask`) and another one (`key-change`): the proof's type says which. */
export const NODE_KEY_VERBS = ['enroll', 'key', 'confirm', 'token', 'logout'] as const;
export type NodeKeyVerb = (typeof NODE_KEY_VERBS)[number];

/** What a signer does for no scope. Rotation alone asks for it. */
export const ANY_SIGNER_VERBS = [
  'issue-bus-credential',
  'sign-bus-account',
  'prepare-statement',
  'token-horizon',
  'destroy-key',
  'destroy-ring',
  'forget-key',
  'forget-ahead',
] as const;
export type AnySignerVerb = (typeof ANY_SIGNER_VERBS)[number];

/** What a signer does for a scope, and who may ask for it. */
export const SCOPE_SIGNER_VERBS = {
  'generate-key': ['rotation'],
  'make-statement': ['rotation'],
  'sign-envelope': ['outbox-relay'],
  'sign-batch': ['outbox-relay'],
  announce: ['outbox-relay'],
  'announce-channel': ['outbox-relay'],
  'check-proofs': ['rotation'],
  'sign-ready': ['outbox-relay'],
  'sign-bundle': ['rotation', 'outbox-relay', 'gateway'],
  'sign-jws': ['rotation'],
  'sign-jwt': ['gateway'],
  verify: ['rotation'],
} as const;
export type ScopeSignerVerb = keyof typeof SCOPE_SIGNER_VERBS;

/** Who works by leases. */
export const LEASE_KINDS = ['signer', 'gateway'] as const;
export type LeaseKind = (typeof LEASE_KINDS)[number];

/** Who asks for what, of a command's subject; undefined for any other. Over HTTP it names nobody: a bearer says who asks. */
export function commandOf(subject: string): { operator: string | undefined; command: string } | undefined {
  const [head, second, ...command] = subject.split('.');
  if (head === 'http' && second === 'command') return { operator: undefined, command: command.join('.') };
  return head === 'cmd' && second !== undefined ? { operator: second, command: command.join('.') } : undefined;
}

/**
 * The one stream, and what it republishes where. Its configuration is fixed, and a stream that exists keeps what it
 * republishes: so it takes `events.<bus or http>.<node>`: what is meant for a Node's HTTP stream is never heard by a
 * Node on the bus.
 */
export const EVENT_STREAM = {
  name: 'EVENTS',
  subjects: 'events.*.*',
  republishTo: 'node.{{wildcard(2)}}.{{wildcard(1)}}',
} as const;
