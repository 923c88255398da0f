import {
  channelDirection,
  channelSlug,
  FORMAT_HINT,
  PLATFORM,
  PROBLEMS,
  type Problem,
  type ProblemName,
} from '@plexsphere/wire';
import type { Command } from './command';
import { Failure } from './failure';
import { failureOf } from './refusal';
import { catchUp, clockOff, named, plural } from './layout';

/**
 * What to do next about what a service answered. `<scope>` is the one that the command named, `<slug>` that of its channel,
 * `<home>` the one in which its Nodes are: a channel's members are the platform's.
 */
const HINTS: Partial<Record<ProblemName, string>> = {
  rotationInProgress: 'plexctl signing status --scope <scope> shows the open rotation, and what it waits for',
  rollbackSettling: 'wait until settles_at: what the key that signs no more has signed may still be under way',
  anotherKeyStaged: 'rotate to the staged key, or take it back first: plexctl signing unstage --scope <scope>',
  stagedKeyExpired: 'it is taken back by itself: stage another key',
  notPropagatedYet: 'wait until propagated_at; an admin may insist with --force',
  keyNotStaged: 'plexctl signing status --scope <scope> shows the keys',
  keyRetired: 'nothing trusts it, and its private half is destroyed: there is nothing to revoke',
  keyRevoked: 'it is thrown out already: plexctl signing status --scope <scope> shows the keys',
  nextKeyUnavailable:
    'the key made ahead does not open: an admin makes the ring commit to another one by plexctl signing recommit --scope <scope>',
  nextNotKept: 'the log of the rotation service says which statement: no Node would take it, so nothing has changed',
  recoveryKeyNeeded: 'only the recovery key may do that: name its file with --recovery-key',
  wrongRecoveryKey: 'this file is not the recovery key of this installation, or no longer',
  noOpenRotation:
    'plexctl signing status --scope <scope> shows the keys; plexctl signing history --scope <scope> how rotations ended',
  transitionMismatch: 'plexctl signing status --scope <scope> names the old and the new key of the open rotation',
  nodesLagging: 'wait until the Nodes have applied the new key, or until closes_at; an admin may insist with --force',
  signaturesOutstanding:
    'wait until outstanding_until: tokens by the old key live until then; an admin may insist with --force, and they fail',
  oldKeyInUse:
    'plexctl channel show --slug <slug> shows who verified by it; close when nobody has for five minutes, or after closes_at; an admin may insist with --force',
  noMembers:
    'each side needs one: plexctl channel add-member makes one; plexctl channel show --slug <slug> shows who is there',
  notProvenYet:
    'no member signs by a key before all who verify have proven to hold it: plexctl channel show --slug <slug> shows who has not',
  notActiveYet:
    'nobody signs by the new key yet, so the old one stays: plexctl channel show --slug <slug> shows whose proof it waits for; plexctl signing rollback --scope <scope> takes the new one back',
  rotationClosed:
    'nobody holds the old key any more, so there is no way back: plexctl signing rotate --scope <scope> makes another',
  wrongProof: 'the member holds another secret than the ring: plexctl channel verify --slug <slug> names it',
  notAMember: 'plexctl channel show --slug <slug> shows who is a member',
  epochWentBack:
    'a signer has proven a later epoch than the database holds: was it restored from a backup? This scope is not served until that is settled',
  domainInUse:
    'plexctl node list --scope <scope> shows its Nodes, plexctl signing status --scope <scope> what is open: remove those, end that',
  scopeRemoved: 'a name is used once: choose another; plexctl audit list --scope <scope> tells who removed it',
  scheduleInvalid:
    'plexctl policy set --plan tries another --rotate-every; a rotation has to end before the next one begins',
  lastAdmin: 'plexctl token create makes another admin first',
  tooManyWaiting: 'this token has more requests waiting than the service keeps: ask again when they are answered',
  requestTooLarge: 'ask for less at once: limit_bytes is the most that one request of this command may have',
  replyTooLarge: 'ask for less: one --scope, or a lower --limit',
  databaseFormat: FORMAT_HINT,
  missingPrivilege:
    "DATABASE_URL must name the database's owner, with the right to make roles: ALTER DATABASE … OWNER TO …, ALTER ROLE … CREATEROLE",
  notBootstrapped: 'DATABASE_URL names a database without an installation: is it the right one?',
  credentialInUse: 'give those replicas the new files and restart them, one after the other; --force cuts them off',
  alreadyBootstrapped: 'this database has an installation: its files are where the first bring-up left them',
  reservedEventType:
    'the signing plane alone sends signing_key_*, platform_key_*, channel_keys_*, stream_ready and resync',
  envelopeTooLarge: 'an event with its signature has to fit 65,535 bytes: publish a reference instead',
  keyIdInUse: 'choose another key id: one that stood in the ring is not used again',
  domainExists: 'plexctl signing status --scope <scope> shows its keys',
  issuerExists: 'plexctl issuer list shows those that are there, and which one is the default',
  channelExists: 'plexctl channel list shows those that are there; a name is used once',
  enrolTokenOver: 'plexctl node enroll-token makes another',
  noMeshAddress:
    'PLEXSPHERE_MESH_NETWORK of the rotation service has to be larger; plexctl node remove gives addresses back',
  noWireguardKey: 'only Nodes that registered over HTTP have one: plexctl node show says how a Node listens',
  nodeExists: 'choose another --name; plexctl node list --scope <home> shows those that are taken',
  otherKeyOfType:
    'a token that names no key is refused where two keys of its type stand: plexctl signing status --scope <scope> names them',
  clientExists: 'choose another --client-id; plexctl client list --scope <scope> shows those that are taken',
  tokenExists: 'choose another --name; plexctl token list shows those that are taken',
  requestIdReused: 'run the command again: it takes a new request id',
  unknownScope:
    'plexctl signing list shows the scopes; plexctl domain create, plexctl issuer create and plexctl channel create make more',
  unknownMember: 'plexctl channel show --slug <slug> shows the members',
  unknownNode: 'plexctl node list shows the Nodes',
  unknownEvent: 'plexctl events list shows the ids; what every Node has is forgotten after a while',
  unknownTransition: 'plexctl signing history --scope <scope> shows the ids',
  unknownClient: 'plexctl client list --scope <scope> shows them',
  noClientSecret: 'delete it and create it without --jwks, if it is to have a secret',
  unknownToken: 'plexctl token list shows the ids, plexctl enroll-token list those of enrolment tokens',
  unknownKey: 'plexctl signing status --scope <scope> shows the keys',
  epochMismatch: 'the ring changed meanwhile: run the command again',
  preparedTooLate: 'preparing took too long: run the command again',
  scopeBusy: 'another command holds this scope: run this one again',
  noSigner: 'check that a signer runs and is ready: plexctl signing status --scope <scope> names them',
  noLease: 'check that a signer runs and is ready: plexctl signing status --scope <scope> names them',
  leaseOfAnother: 'the holder draws another name by itself: look at its log if it goes on',
  tooManyHolders: 'stop the lease holders that are not needed: their rows go within a lease',
  tooManyMembers:
    'plexctl channel remove-member makes room, plexctl channel create another channel; one sink serves many processes that read what it writes',
  keyUnavailable: 'check the signers: the one that was asked cannot use this key',
  databaseUnavailable: 'check that the database runs and is reached, then run the command again',
  noAnswer: 'check the services behind the rotation service, then run the command again',
  busUnavailable: 'check the bus, and the services on it',
  notAuthenticated: 'the token file may be revoked, expired or of another installation: ask an admin for a new one',
  permissionDenied: 'ask an admin for a token whose role and scopes allow this',
  nodeKeyInUse: 'let the host make another key: each belongs to one Node, once',
  generationMismatch: 'another change was first: the host asks what holds and goes on from there',
  tokenMismatch: 'another token was handed out meanwhile: the host asks what holds and goes on from there',
  proofInvalid: 'the state folder of the host may be damaged, or another host’s',
  proofStale: 'the clock of the host is off by more than a minute: it asks again by the time that the server says',
  wrongAudience: 'the host is enrolled with another installation, or shows another enrolment token',
  proofsDisagree: 'the host and the server may be of different versions',
  nodeKeySuperseded:
    'the key was replaced, by this host or by a thief: plexctl node show tells when; if it was not you, revoke the Node and enrol the host anew',
  nodeRevoked: 'the host comes back with a new enrolment token alone: plexctl node enroll-token makes one',
  noNodeKey: 'only Nodes on the bus that were enrolled with a key of their own have one',
  revocationListFull: 'wait until tokens of old keys have expired, or have fewer Nodes change at once',
  unknownFleetRun: 'plexctl edge fleet list shows the ids',
  fleetRunOver: 'plexctl edge fleet keys rotate begins another one',
  fleetRunUnderWay: 'it goes on by itself; only a run that has halted is resumed',
  noTargets: 'plexctl edge list shows the Nodes and their tags, plexctl node tag gives them others',
  internal: 'the log of the rotation service says more',
};

const byDetail = new Map(
  (Object.keys(HINTS) as ProblemName[]).map((name) => [PROBLEMS[name].detail as string, HINTS[name]]),
);

export const hintFor = (detail: string, scope: string | undefined): string | undefined =>
  byDetail
    .get(detail)
    ?.replaceAll('<home>', slugOf(scope) === undefined ? '<scope>' : PLATFORM)
    .replaceAll('<scope>', scope ?? '<scope>')
    .replaceAll('<slug>', slugOf(scope) ?? '<slug>');

/** Of a channel, or of one of its directions. */
const slugOf = (scope: string | undefined): string | undefined => channelSlug(scope) ?? channelDirection(scope)?.slug;

/** Where no service answers: what such a command does, it does itself. */
export const hintWithoutService = (detail: string): string | undefined => {
  if (detail === PROBLEMS.internal.detail) return "sqlstate is PostgreSQL's own code; the log of the server says more";
  if (detail === PROBLEMS.databaseUnavailable.detail)
    return 'check DATABASE_URL, and that the server runs and lets you in';
  return hintFor(detail, undefined);
};

/** Where the detail alone does not say what is wrong: which flag, or member of the request, and what is expected of it. */
export function reasonOf(
  problem: Problem,
  flag: string | undefined,
  asks: Command['asks'] | undefined,
): string | undefined {
  const { field, accepted_kinds: kinds, signs, sides, reason } = problem.body;
  if (!(problem.is('invariantViolation') || problem.is('scheduleInvalid')) || field === undefined) return undefined;
  const name = flag === undefined ? field : `--${flag}`;
  if (Array.isArray(kinds)) return `${name} must be of a kind that this installation accepts: ${kinds.join(', ')}`;
  if (Array.isArray(signs)) return `${name}: ${signedText(signs)}`;
  if (Array.isArray(sides)) return `${name} must be one of the channel's: ${sides.join(', ')}`;
  if (asks === 'bus') return typeof reason === 'string' ? `${name}: ${reason}` : `the service refuses ${name}`;
  return typeof reason === 'string' ? `${name} ${reason}` : name;
}

const signedText = (signs: readonly unknown[]): string =>
  signs.length === 0
    ? 'its members sign by its keys themselves'
    : `its keys sign nothing else than ${signs.join(' and ')}`;

/** Refusals whose members are numbers and names say them as a sentence, and what to do about these very Nodes. */
export const inWords = (problem: Problem, scope: string | undefined): Failure | undefined =>
  problem.is('nodesLagging')
    ? lagging(problem, scope ?? '<scope>')
    : problem.is('noSigner')
      ? clocksOff(problem)
      : problem.is('domainInUse')
        ? domainInUse(problem, scope ?? '<scope>')
        : problem.is('keyIdInUse')
          ? leftOver(problem)
          : problem.is('oldKeyInUse')
            ? signedByBoth(problem)
            : problem.is('rollbackSettling')
              ? settlingMembers(problem, slugOf(scope))
              : undefined;

/** In a channel it ends sooner than is known: when all that sign have said that they do so by another key. */
function settlingMembers(problem: Problem, slug: string | undefined): Failure | undefined {
  const { key_id: keyId, settles_at: at, waiting_for: waitingFor } = problem.body;
  if (slug === undefined || typeof keyId !== 'string' || !Array.isArray(waitingFor)) return undefined;
  const { exitCode, detail, members } = failureOf(problem);
  const who =
    waitingFor.length === 0
      ? ''
      : `, or sooner, once ${named(waitingFor.map(String))} ${waitingFor.length === 1 ? 'signs' : 'sign'} by another key`;
  const hint =
    `${keyId} signs no more, and verifies until ${String(at)}${who}; it goes by itself then: ` +
    `plexctl channel show --slug ${slug} shows it`;
  const waits = waitingFor.length === 0 ? 'nobody' : named(waitingFor.map(String));
  return new Failure(exitCode, detail, { ...members, waiting_for: waits }, hint, { cause: problem });
}

/** Nobody uses the old key against the rule: members sign by both for a while, and until when is said. */
function signedByBoth(problem: Problem): Failure | undefined {
  const { signs_until: until } = problem.body;
  if (typeof until !== 'string') return undefined;
  const hint = `members sign by both keys until ${until}: close then, when they have reported what they verified since`;
  return failureOf(problem, hint);
}

/** A key that an attempt made that lost: its name is free again, and when is said. */
function leftOver(problem: Problem): Failure | undefined {
  const { free_at: freeAt } = problem.body;
  if (typeof freeAt !== 'string') return undefined;
  const hint = `an attempt that failed, or is under way, made another key of this name: choose another key id, or run this again after ${freeAt}`;
  return failureOf(problem, hint);
}

/** What keeps a Domain, in words. */
function domainInUse(problem: Problem, scope: string): Failure {
  const { field, nodes, more_nodes: areMore, keys } = problem.body;
  const isKey = (key: unknown): key is { key_id: unknown; state: unknown } => typeof key === 'object' && key !== null;
  const members = {
    field,
    code: problem.code,
    nodes:
      Array.isArray(nodes) && nodes.length > 0 ? `${named(nodes.map(String))}${areMore ? ' and others' : ''}` : 'none',
    keys: Array.isArray(keys) ? named(keys.filter(isKey).map(({ key_id, state }) => `${key_id} is ${state}`)) : '',
  };
  const { exitCode, detail } = failureOf(problem);
  return new Failure(exitCode, detail, members, hintFor(problem.detail, scope), { cause: problem });
}

/** Signers that are there and sign nothing, because their clock is wrong. */
function clocksOff(problem: Problem): Failure | undefined {
  const clocks = problem.body['clocks'];
  if (!Array.isArray(clocks)) return undefined;
  const off = clocks.filter(isClock).map(({ holder, off_by_seconds: seconds }) => `${holder} is ${clockOff(seconds)}`);
  const hint = 'set the clocks of these machines by the one of the database: the signers serve again by themselves';
  return toldAs(problem, { clocks: named(off) }, hint);
}

function toldAs(problem: Problem, members: Readonly<Record<string, string>>, hint: string): Failure {
  const { exitCode, detail } = failureOf(problem);
  return new Failure(exitCode, detail, { code: problem.code, ...members }, hint, { cause: problem });
}

const isClock = (value: unknown): value is { holder: string; off_by_seconds: number } =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as Record<string, unknown>)['holder'] === 'string' &&
  typeof (value as Record<string, unknown>)['off_by_seconds'] === 'number';

/** Members of a channel: those that sign and have not switched, or that verify and have not said since what they verified. */
function laggingMembers(problem: Problem, { slug }: { slug: string }): Failure {
  const { lagging_count: count, lagging: names } = problem.body;
  const all = Array.isArray(names) ? names.map(String) : [];
  const who = named(all, typeof count === 'number' ? count : all.length);
  const hint =
    `these may still need the old key: close when they have followed, or after closes_at; plexctl channel show --slug ${slug} ` +
    'shows who is left; an admin may insist with --force';
  return toldAs(problem, { lagging: who }, hint);
}

function lagging(problem: Problem, scope: string): Failure | undefined {
  const direction = channelDirection(scope);
  if (direction !== undefined) return laggingMembers(problem, direction);
  const { enrolled, sent, applied, lagging_count: count, pending_count: pending, closes_at: closesAt } = problem.body;
  const names = problem.body['lagging'];
  if (typeof count !== 'number' || !Array.isArray(names)) return undefined;
  const members = {
    nodes: `${applied} of ${enrolled} have applied, ${sent} sent to, ${count} lagging, ${pending} pending`,
    lagging: named(names.map(String), count),
    ...(typeof closesAt === 'string' ? { closes_at: closesAt } : {}),
  };
  const hint =
    `${plural(count, 'Node')} may still verify by the old key alone; ${catchUp(count)}: close then, ` +
    `or after ${String(closesAt)}; plexctl signing status --scope ${scope} --watch shows who is left`;
  return toldAs(problem, members, hint);
}

/** Told where something was revoked, and the bus does not have it yet. */
export const NOT_CUT_YET =
  'the bus does not refuse its credential yet, the services do; it will within seconds of being reached';
