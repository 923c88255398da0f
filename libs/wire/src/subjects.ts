import type { Scope } from './names';

/**
 * Every subject on the bus, in one table. The first token says who may publish there; the permissions of each
 * credential (permissions.ts) are written in terms of this table and of nothing else.
 *
 * A scope is one token (`:` is legal in a subject). A key id never stands in a subject.
 */
export const subjects = {
  /** An operator's command. The server vouches for `operator`: a credential may publish below its own id only. */
  command: (operator: string, command: Command): string => `cmd.${operator}.${command}`,

  /** Any signer, lease or not: work that signs for no scope. */
  anySigner: (verb: AnySignerVerb): string => `signer.any.${verb}`,
  /** A signer that holds a lease for `scope`; without one it leaves this queue group. */
  scopeSigner: (scope: Scope, verb: ScopeSignerVerb): string => `signer.scope.${scope}.${verb}`,
  /** That very signer. `holder` is its lease's name. */
  thatSigner: (holder: string, verb: 'load-key'): string => `signer.at.${holder}.${verb}`,

  renewLease: 'rotation.renew-lease',

  /** Told by rotation after the commit that changed a ring: holders renew at once. */
  ringChanged: 'changed.ring',
  /** Told by rotation after a commit that wrote the outbox: relays look at once instead of at their next turn. */
  outboxChanged: 'changed.outbox',

  /** What the stream stores; only a relay publishes here. */
  eventsOut: (nodeId: string): string => `events.out.${nodeId}`,
  /** What the stream republishes; the one subject that a Node subscribes to. */
  nodeEvents: (nodeId: string): string => `node.${nodeId}.events`,
  nodeHello: (nodeId: string): string => `node.${nodeId}.hello`,
  nodeAck: (nodeId: string): string => `node.${nodeId}.ack`,
} as const;

/** `<noun>.<verb>`; the command's own name everywhere: bus, audit log, CLI. */
export const COMMANDS = [
  'signing.rotate',
  'signing.close',
  'signing.jwks',
  'signing.ring',
  'signing.sign',
  'signing.verify',
  'signing.plan-rotate',
  'signing.plan-close',
  'signing.status',
  'signing.list',
  'signing.history',
  'signing.show',
  'domain.create',
  'domain.list',
  'node.add',
  'node.list',
  'node.show',
  'node.remove',
  'events.publish',
  'token.create',
  'token.list',
  'token.revoke',
] as const;
export type Command = (typeof COMMANDS)[number];

export const ANY_SIGNER_VERBS = ['issue-bus-credential', 'sign-bus-account', 'destroy-key'] as const;
export type AnySignerVerb = (typeof ANY_SIGNER_VERBS)[number];

export const SCOPE_SIGNER_VERBS = [
  'generate-key',
  'sign-envelope',
  'announce',
  'sign-ready',
  'sign-bundle',
  'sign-jws',
  'verify',
] as const;
export type ScopeSignerVerb = (typeof SCOPE_SIGNER_VERBS)[number];

/** Queue groups: one member of the group gets each message. */
export const queues = { rotation: 'rotation', signer: 'signer', relay: 'outbox-relay' } as const;

/** The one stream, and what it republishes where. Its configuration is fixed (DESIGN, section 4, The stream). */
export const EVENT_STREAM = {
  name: 'EVENTS',
  subjects: 'events.out.*',
  republishTo: 'node.{{wildcard(1)}}.events',
} as const;
