import { MAX_ENVELOPE_BYTES } from '../envelope';
import { channelName } from '../channel/names';
import { domainScope, scopeKind, type Scope, type ScopeKind } from '../scope';
import type * as requests from './index';

/** Who may do what: an admin may all, an operator what an operator needs, a viewer only reads. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export const suffices = (role: Role, needed: Role): boolean => ROLES.indexOf(role) >= ROLES.indexOf(needed);

type RequestClass = {
  [Name in keyof typeof requests]: (typeof requests)[Name] extends new () => object ? Name : never;
};

/** One command of operators; its name, `<noun>.<verb>`, is the same everywhere: bus, audit log, CLI (ADR 0021). */
interface CommandRow {
  /** The class in `@plexsphere/wire/commands` by which a request is validated. Named, so that reading this table loads none. */
  request: RequestClass[keyof RequestClass];
  /** Stands for the reply's type. */
  reply: unknown;
  /** Whether it changes something: then it is done once for each request id, whoever repeats it. */
  changes: boolean;
  /** The least role that may give it. */
  role: Role;
  /**
   * Where its scope stands, for whoever may act in some scopes only:
   * `scope`, they have to name one of theirs in this member; `domain id`, in the member `id`, as a Domain's; `channel slug`,
   * in the member `slug`, as a channel's;
   * `seen`, they may, and are shown theirs alone anyhow; `public`, whichever they name: verifiers are shown it as well;
   * `every`, it is of the whole installation, so not theirs to give.
   */
  scope: 'scope' | 'domain id' | 'channel slug' | 'seen' | 'public' | 'every';
  /** The kinds of scopes of which it may be given over HTTP as well, by a bearer; without it of none. */
  overHttp?: readonly ScopeKind[];
  /** The largest request, in bytes. */
  limitBytes: number;
}

const replies = <Reply>(): Reply | undefined => undefined;

const KIB = 1_024;
/** Scopes, names and a reason: whoever says more says nothing that is asked for. */
const SHORT = 16 * KIB;
/** A JWS or what is to be signed by one, and a token's list of scopes. */
const LONG = 128 * KIB;
/** An event's payload travels as text in a JSON string, where six bytes (a `\u0041`) may stand for one. */
export const PAYLOAD_BYTES = LONG + 6 * MAX_ENVELOPE_BYTES;

const reads = { changes: false, role: 'viewer', limitBytes: SHORT } as const;
const changes = { changes: true, role: 'operator', limitBytes: SHORT } as const;
const ofIssuersOverHttp = { overHttp: ['issuer'] } as const;

// prettier-ignore
export const COMMANDS = {
  'signing.rotate': { ...changes, ...ofIssuersOverHttp, request: 'Rotate', reply: replies<requests.RotateReply>(), scope: 'scope' },
  'signing.rollback': { ...changes, request: 'Rollback', reply: replies<requests.RollbackReply>(), scope: 'scope' },
  'signing.stage': { ...changes, ...ofIssuersOverHttp, request: 'Stage', reply: replies<requests.StageReply>(), scope: 'scope' },
  'signing.unstage': { ...changes, ...ofIssuersOverHttp, request: 'Unstage', reply: replies<requests.UnstageReply>(), scope: 'scope' },
  'signing.revoke': { ...changes, ...ofIssuersOverHttp, role: 'admin', request: 'Revoke', reply: replies<requests.RevokeReply>(), scope: 'scope' },
  'signing.recommit': { ...changes, role: 'admin', request: 'Recommit', reply: replies<requests.RecommitReply>(), scope: 'scope' },
  'signing.plan-change': { ...reads, request: 'PlanChange', reply: replies<requests.PlanChangeReply>(), scope: 'scope' },
  'signing.prepare-statement': { ...reads, role: 'admin', request: 'PrepareSuperior', reply: replies<requests.PrepareSuperiorReply>(), scope: 'scope' },
  'recovery.rotate': { ...changes, role: 'admin', request: 'RecoveryRotate', reply: replies<requests.RecoveryRotateReply>(), scope: 'every' },
  'signing.rotate-when-applied': { ...changes, request: 'RotateWhenApplied', reply: replies<requests.RotateWhenAppliedReply>(), scope: 'scope' },
  'signing.close': { ...changes, ...ofIssuersOverHttp, request: 'Close', reply: replies<requests.CloseReply>(), scope: 'scope' },
  'signing.jwks': { ...reads, request: 'OfScope', reply: replies<requests.JwksReply>(), scope: 'scope' },
  'signing.ring': { ...reads, request: 'OfScope', reply: replies<requests.RingReply>(), scope: 'scope' },
  'signing.chain': { ...reads, request: 'ListStatements', reply: replies<requests.ListStatementsReply>(), scope: 'public' },
  'signing.sign': { ...reads, role: 'operator', request: 'Sign', reply: replies<requests.SignReply>(), scope: 'scope', limitBytes: LONG },
  'signing.verify': { ...reads, request: 'Verify', reply: replies<requests.VerifyReply>(), scope: 'scope', limitBytes: LONG },
  'signing.plan-rotate': { ...reads, request: 'PlanRotate', reply: replies<requests.PlanRotateReply>(), scope: 'scope' },
  'signing.plan-rotate-when-applied': { ...reads, request: 'PlanRotateWhenApplied', reply: replies<requests.PlanRotateWhenAppliedReply>(), scope: 'scope' },
  'signing.plan-close': { ...reads, request: 'PlanClose', reply: replies<requests.PlanCloseReply>(), scope: 'scope' },
  'signing.status': { ...reads, request: 'Status', reply: replies<requests.StatusReply>(), scope: 'seen' },
  'signing.list': { ...reads, request: 'Nothing', reply: replies<requests.ListReply>(), scope: 'seen' },
  'signing.history': { ...reads, request: 'History', reply: replies<requests.HistoryReply>(), scope: 'scope' },
  'signing.show': { ...reads, request: 'Show', reply: replies<requests.ShowReply>(), scope: 'seen' },
  'policy.show': { ...reads, request: 'OfPolicy', reply: replies<requests.PolicyReply>(), scope: 'seen' },
  'policy.set': { ...changes, request: 'SetPolicy', reply: replies<requests.PolicyReply>(), scope: 'scope' },
  'policy.plan-set': { ...reads, request: 'PlanPolicy', reply: replies<requests.PlanPolicyReply>(), scope: 'scope' },
  'domain.create': { ...changes, request: 'CreateDomain', reply: replies<requests.CreateDomainReply>(), scope: 'domain id' },
  'domain.list': { ...reads, request: 'Nothing', reply: replies<requests.DomainListReply>(), scope: 'seen' },
  'domain.plan-remove': { ...reads, request: 'PlanRemoveDomain', reply: replies<requests.PlanRemoveDomainReply>(), scope: 'domain id' },
  'domain.remove': { ...changes, role: 'admin', request: 'RemoveDomain', reply: replies<requests.RemoveDomainReply>(), scope: 'domain id' },
  'issuer.create': { ...changes, role: 'admin', request: 'CreateIssuer', reply: replies<requests.CreateIssuerReply>(), scope: 'scope' },
  'issuer.import': { ...changes, role: 'admin', request: 'ImportKey', reply: replies<requests.ImportKeyReply>(), scope: 'scope' },
  'issuer.plan-import': { ...reads, request: 'PlanImport', reply: replies<requests.PlanImportReply>(), scope: 'scope' },
  'issuer.list': { ...reads, request: 'Nothing', reply: replies<requests.IssuerListReply>(), scope: 'seen' },
  'issuer.show': { ...reads, ...ofIssuersOverHttp, request: 'ShowIssuer', reply: replies<requests.IssuerReply>(), scope: 'scope' },
  'channel.create': { ...changes, role: 'admin', request: 'CreateChannel', reply: replies<requests.CreateChannelReply>(), scope: 'channel slug' },
  'channel.add-member': { ...changes, role: 'admin', request: 'AddMember', reply: replies<requests.AddMemberReply>(), scope: 'channel slug' },
  'channel.remove-member': { ...changes, request: 'RemoveMember', reply: replies<requests.RemoveMemberReply>(), scope: 'channel slug' },
  'channel.list': { ...reads, request: 'Nothing', reply: replies<requests.ListChannelsReply>(), scope: 'seen' },
  'channel.show': { ...reads, request: 'OfChannel', reply: replies<requests.ShowChannelReply>(), scope: 'channel slug' },
  'node.add': { ...changes, request: 'AddNode', reply: replies<requests.AddNodeReply>(), scope: 'scope' },
  'node.add-many': { ...changes, request: 'AddNodes', reply: replies<requests.AddNodesReply>(), scope: 'scope', limitBytes: LONG },
  'node.list': { ...reads, request: 'ListNodes', reply: replies<requests.ListNodesReply>(), scope: 'seen' },
  'node.show': { ...reads, request: 'NodeReference', reply: replies<requests.ShowNodeReply>(), scope: 'seen' },
  'node.remove': { ...changes, request: 'RemoveNode', reply: replies<requests.RemoveNodeReply>(), scope: 'scope' },
  'edge.revoke': { ...changes, request: 'RevokeNode', reply: replies<requests.RevokeNodeReply>(), scope: 'scope' },
  'node.enroll-token': { ...changes, request: 'EnrollToken', reply: replies<requests.EnrollTokenReply>(), scope: 'scope' },
  'enroll-token.list': { ...reads, request: 'ListEnrollTokens', reply: replies<requests.ListEnrollTokensReply>(), scope: 'seen' },
  'enroll-token.revoke': { ...changes, request: 'RevokeEnrollToken', reply: replies<requests.RevokeEnrollTokenReply>(), scope: 'scope' },
  'node.tag': { ...changes, request: 'TagNode', reply: replies<requests.TagNodeReply>(), scope: 'scope' },
  'edge.list': { ...reads, request: 'ListEdge', reply: replies<requests.ListEdgeReply>(), scope: 'seen' },
  'fleet.rotate': { ...changes, request: 'RotateFleet', reply: replies<requests.FleetRun>(), scope: 'seen', limitBytes: LONG },
  'fleet.plan': { ...reads, request: 'PlanFleet', reply: replies<requests.PlanFleetReply>(), scope: 'seen', limitBytes: LONG },
  'fleet.list': { ...reads, request: 'ListFleets', reply: replies<requests.ListFleetsReply>(), scope: 'seen' },
  'fleet.show': { ...reads, request: 'ShowFleet', reply: replies<requests.ShowFleetReply>(), scope: 'seen' },
  'fleet.watch': { ...reads, request: 'WatchFleet', reply: replies<requests.WatchFleetReply>(), scope: 'seen' },
  'fleet.resume': { ...changes, request: 'ResumeFleet', reply: replies<requests.FleetRun>(), scope: 'seen' },
  'fleet.abort': { ...changes, request: 'AbortFleet', reply: replies<requests.FleetRun>(), scope: 'seen' },
  'key.rotate': { ...changes, request: 'RotateKeys', reply: replies<requests.RotateKeysReply>(), scope: 'scope' },
  'events.publish': { ...changes, request: 'Publish', reply: replies<requests.PublishReply>(), scope: 'scope', limitBytes: PAYLOAD_BYTES },
  'events.list': { ...reads, request: 'ListEvents', reply: replies<requests.ListEventsReply>(), scope: 'seen' },
  'events.show': { ...reads, request: 'ShowEvent', reply: replies<requests.ShowEventReply>(), scope: 'seen' },
  'audit.list': { ...reads, request: 'ListAudit', reply: replies<requests.ListAuditReply>(), scope: 'seen' },
  'client.create': { ...changes, role: 'admin', request: 'CreateClient', reply: replies<requests.ClientView>(), scope: 'scope', limitBytes: LONG },
  'client.list': { ...reads, request: 'ListClients', reply: replies<requests.ListClientsReply>(), scope: 'scope' },
  'client.show': { ...reads, request: 'OfClient', reply: replies<requests.ClientView>(), scope: 'scope' },
  'client.rotate-secret': { ...changes, role: 'admin', request: 'RotateClientSecret', reply: replies<requests.ClientView>(), scope: 'scope' },
  'client.delete': { ...changes, role: 'admin', request: 'DeleteClient', reply: replies<requests.DeleteClientReply>(), scope: 'scope' },
  'token.create': { ...changes, role: 'admin', request: 'CreateToken', reply: replies<requests.CreateTokenReply>(), scope: 'every', limitBytes: LONG },
  'token.list': { ...reads, role: 'admin', request: 'Nothing', reply: replies<requests.ListTokensReply>(), scope: 'every' },
  'token.revoke': { ...changes, role: 'admin', request: 'RevokeToken', reply: replies<requests.RevokeTokenReply>(), scope: 'every' },
} as const satisfies Record<string, CommandRow>;

export type Command = keyof typeof COMMANDS;
export const COMMAND_NAMES = Object.keys(COMMANDS) as Command[];

export type RequestOf<C extends Command> = InstanceType<(typeof requests)[(typeof COMMANDS)[C]['request']]>;
export type ReplyOf<C extends Command> = NonNullable<(typeof COMMANDS)[C]['reply']>;
export type ChangingCommand = {
  [C in Command]: (typeof COMMANDS)[C]['changes'] extends true ? C : never;
}[Command];
export type ReadingCommand = Exclude<Command, ChangingCommand>;

/** What a gateway may ask for whoever showed it their bearer. */
export type HttpCommand = {
  [C in Command]: (typeof COMMANDS)[C] extends { overHttp: unknown } ? C : never;
}[Command];
export const isHttpCommand = (command: Command): command is HttpCommand => 'overHttp' in COMMANDS[command];
export const HTTP_COMMANDS = COMMAND_NAMES.filter(isHttpCommand);

/** Whether a command may come over HTTP for the scope that it names. */
export function isOfferedOverHttp(command: Command, request: unknown): boolean {
  const { overHttp = [] }: CommandRow = COMMANDS[command];
  const kind = scopeKind(scopeNamed(command, request));
  return kind !== undefined && overHttp.includes(kind);
}

/** The scope that a request names, as it came, or the name of a channel: nothing of it is looked at. */
export function scopeNamed(command: Command, request: unknown): Scope | undefined {
  const { scope, id, slug } = (request ?? {}) as { scope?: unknown; id?: unknown; slug?: unknown };
  switch (COMMANDS[command].scope) {
    case 'domain id':
      return typeof id === 'string' ? domainScope(id) : undefined;
    case 'channel slug':
      return typeof slug === 'string' ? channelName(slug) : undefined;
    default:
      return typeof scope === 'string' ? scope : undefined;
  }
}
