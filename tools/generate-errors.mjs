// docs/errors.md: every problem that a service answers with. Code, detail and exit code come from wire's table, what to
// do next from plexctl's hints, so that the page and the program say the same; when it happens is said here. A problem
// that lacks either is an error of this generator.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { markdown, root, settle, table } from './generated-file.mjs';

const PATH = 'docs/errors.md';

/** When each happens, for whoever gets the answer. */
const WHEN = {
  invariantViolation:
    'A member of the request is missing, malformed, or outside what this installation accepts; `field` names it, `body` is a message that is not JSON.',
  scheduleInvalid:
    'What is to be rotated by itself never would be, or again before the rotation of before has ended; `reason` shows the sum.',
  reservedEventType: 'An event type that the signing plane keeps for itself is published by hand.',
  requestTooLarge:
    'The request has more bytes than its subject or its route takes; `limit_bytes` says how many those are. Nothing of it was read.',
  headersTooLarge: 'The headers of an HTTP request have more bytes than `limit_bytes`.',
  unsupportedBody: 'The body of an HTTP request is not JSON, or packed in another way than by gzip.',
  unsupportedMethod: 'The route is called by another method; the header `Allow` names those that it takes.',
  requestTooSlow:
    'An HTTP request had not come whole when its time was over: 10 s for its headers, 20 s for all of it.',
  envelopeTooLarge: 'The signed event would not fit the longest line that a Node reads.',
  rotationInProgress: 'A rotation of this scope is open already: there is one at a time.',
  rollbackSettling:
    'A rotation was rolled back, or one of a channel ended by a revoke, and a key still verifies what it signed: until `settles_at`, of a channel when none of `waiting_for` signs by it, no other key comes in.',
  anotherKeyStaged: 'Another key is staged: a ring has one of them at most. Its id stands beside it.',
  stagedKeyExpired: 'The staged key was to be rotated to before `rotate_by`.',
  notPropagatedYet:
    'The key is staged for less than the propagation delay: before `propagated_at`, `seconds_left` from now, not everybody may hold it.',
  keyNotStaged: 'The key that is to be taken back is not staged.',
  keyRetired: 'The key that is to be revoked has retired.',
  keyRevoked: 'The key is revoked already.',
  nextKeyUnavailable:
    'The key that the ring committed to, made ahead, is not there or does not open. Nothing has changed; the keys that the ring holds go on.',
  nextNotKept:
    'A statement commits to another key ahead than its type allows, or brings in one that was not committed to.',
  recoveryKeyNeeded:
    'A change of the platform ring for which the recovery key alone vouches comes without its signature.',
  wrongRecoveryKey: 'The signature is not by the recovery key of this installation, or not over what was prepared.',
  noOpenRotation: 'There is no rotation of this scope to close: none was opened, or it has ended.',
  transitionMismatch: 'Old or new key id are not those of the open rotation.',
  nodesLagging:
    'Before closes_at, Nodes that hold a key have not applied the new one. The numbers, and up to 50 names, stand beside it.',
  noMembers: 'A rotation of a channel is to be opened, and nobody is at one of its sides; `role` says at which.',
  notProvenYet:
    'A key of a channel is to sign, and not all members that receive have proven that they hold it; `waiting_for` names them.',
  notActiveYet:
    'A rotation of a channel is to be closed whose new key does not sign yet; `waiting_for` names who has not proven it.',
  rotationClosed: 'The rotation of a channel that is to be rolled back is closed: nobody holds its old key any more.',
  oldKeyInUse:
    'Before closes_at, a channel’s old key is still used: senders sign by both until `signs_until`, or the member `name` verified a request by it alone, `at`.',
  signaturesOutstanding:
    'Tokens by the old key of an issuer live until `outstanding_until`, `seconds_left` from now; null where the switch is not recorded yet.',
  epochWentBack:
    'A signer has proven a later epoch of this scope than the database has, as after a restore from a backup. Nothing is changed.',
  domainInUse:
    'The Domain has Nodes, an open rotation, or a key beside the active one that is staged or settles; `nodes` and `keys` name them.',
  scopeRemoved: 'The scope had a ring, which was removed: its name is taken for ever.',
  lastAdmin: 'It would leave no admin of every scope whose token is valid: nobody could make tokens any more.',
  databaseFormat:
    'The database was made by another version, or by none yet. A service or a migration begins nothing on it.',
  missingPrivilege:
    'Bring-up or a migration needs a right in PostgreSQL that the user of DATABASE_URL has not; `missing` or `reason` names it.',
  notBootstrapped: 'The database holds no installation.',
  credentialInUse: 'A service is connected to the database by a login that is to be ended; `used` names it.',
  alreadyBootstrapped: 'The database holds an installation.',
  keyIdInUse:
    'The key id stands in the ring of this scope, or once stood there. With `free_at`: an attempt that failed, or is under way, made another key of this name, which is free again then.',
  domainExists: 'The Domain has a ring.',
  channelExists: 'A channel of this name is there already.',
  issuerExists:
    'An issuer has this slug or this url (`field`), or stands where the default one would: its tokens name the root.',
  enrolTokenOver:
    'The enrolment token has expired, was revoked, or a Node has registered with it; `reason` says which.',
  noMeshAddress: 'Every address of the mesh that was tried is taken.',
  noWireguardKey: 'The Node listens on the bus, and has no tunnels that we know of.',
  nodeExists: 'An enrolled Node of the scope has this name, or another one this bus key.',
  otherKeyOfType:
    'A foreign key whose tokens name no key cannot stand beside another key of its type: verifiers would refuse those tokens. `key_ids` names what is in the way; where it is empty, the keys that the issuer makes are of that type.',
  clientExists: 'The issuer has a client of this id.',
  tokenExists: 'A token that is not revoked has this name.',
  requestIdReused: 'The request id belongs to another command, another operator, or another request of theirs.',
  unknownScope: 'The scope has no ring.',
  unknownNode: 'No enrolled Node has this id, or this scope and name.',
  unknownEvent:
    'The outbox has no event of this id in a scope that the asker may see: it never was, or all Nodes have had it for a while.',
  unknownTransition: 'No rotation has this id.',
  unknownMember: 'The channel has no member of this name or id, or it was removed.',
  unknownClient: 'The issuer has no client of this id.',
  noClientSecret: 'The client proves who it is by a key of its own, so it has no secret that could be rotated.',
  unknownToken: 'No token has this id.',
  unknownRoute: 'Nothing is served over HTTP under this path.',
  unknownKey:
    'No key of this id ever stood in the ring; `key_id` names it. Between services: it may not sign what was asked for.',
  epochMismatch: 'The ring has changed between question and answer; `epoch` is the one of whoever answers.',
  preparedTooLate: 'More than 30 s lay between the making of the new key and its commit.',
  scopeBusy: 'Another change of this scope held its lock for longer than a request waits.',
  noSigner:
    'No signer listens for this scope: none runs, or none has a lease. Where clocks are wrong, `clocks` names the signers and by how much each is ahead of the database.',
  noLease: 'The signer that was asked has no lease of this scope, or one that ends too soon.',
  wrongProof:
    'A member has reported a proof that is not of the key that it names, of the epoch that it says, by that very member; it stands in the reply to its report.',
  notAMember: 'A Node that is no member has reported, or a member of a ring that is not one of its channel.',
  leaseOfAnother:
    'A lease is renewed or given back by a name that another process drew. Between services only; nothing is changed.',
  tooManyHolders: 'A hundred signers, or gateways, hold leases already. Between services only.',
  tooManyMembers: 'The channel has as many members as one may have, `most` of them, both sides together.',
  keyUnavailable:
    'No signer can load and use the key: its row, its wrapping or the key-encryption key is wrong or gone.',
  databaseUnavailable:
    'The service cannot reach its database. What was asked has not been done, or not been seen to end.',
  busUnavailable: 'The bus is not there, or the endpoint does not speak its protocol.',
  tooManyStreams:
    'The Node has asked for its stream more than ten times within ten seconds; `Retry-After` says how long to wait.',
  tooOften:
    'A Node changes its WireGuard key over HTTP, asks for its state, or for another token of its Node key, more often than it has a reason to; `Retry-After` says how long to wait.',
  tooManyWaiting:
    'The token that asks has as many requests waiting as the service keeps for one, or too many callers stand before a gateway whom it does not know. Others are not affected. Nothing has been done.',
  replyTooLarge: 'The answer is more than the bus carries in one message (1 MB by default).',
  eventStreamUnavailable:
    'A gateway is starting or stopping, or cannot reach the bus or the database: the Node asks for its stream again.',
  noAnswer: 'A service behind the one that was asked was silent for too long.',
  notAuthenticated: 'The bus refuses the credential, or the operator is unknown, expired or revoked.',
  nodeRemoved: 'The Node that calls over HTTP was removed or revoked, or has left.',
  permissionDenied:
    'The role, or the scopes that the token is restricted to, do not allow this. It says nothing about what exists.',
  nodeKeyInUse: 'The new key that a Node proposes is somebody’s, or once was: a key is used once.',
  generationMismatch: 'The Node’s key has changed meanwhile; `generation` is the present one.',
  tokenMismatch: 'The token that the Node names is not the one that holds: another was handed out meanwhile.',
  proofInvalid:
    'What a Node says of its key is not signed by the key that it names, or not of the form that was asked for.',
  proofStale: 'A Node’s proof is over, or ends later than a minute from now; `now` is the server’s time.',
  wrongAudience: 'A Node’s proof was made for another installation, or for another enrolment token.',
  proofsDisagree: 'Of a key change: what the old key and the new key say is not the same.',
  nodeKeySuperseded:
    'The Node’s key was replaced by another one. Used after its overlap it marks the Node as contested.',
  nodeRevoked: 'An operator has revoked the Node.',
  noNodeKey: 'The Node has no key of its own that it could change: it listens over HTTP, or was not adopted yet.',
  revocationListFull:
    'The list by which the bus refuses old keys is nearly full: no key is changed until the tokens of old ones have expired. Revocations go on.',
  unknownFleetRun: 'No fleet run has this id, or it ended so long ago that it is forgotten.',
  fleetRunOver: 'The fleet run has ended.',
  fleetRunUnderWay: 'The fleet run is not halted: there is nothing to resume.',
  noTargets: 'No Node with a Node key is among the targets.',
  internal: 'Something that should not happen. The cause stands in the log of the service, and nowhere else.',
};

/** Where plexctl has no hint of its own: what it says depends on the command, or it says nothing more. */
const NEXT = {
  headersTooLarge: 'send fewer of them',
  unsupportedBody: 'send application/json, plain or packed by gzip',
  unsupportedMethod: 'call it as the description of the API says, at /openapi.json of a gateway',
  requestTooSlow: 'ask again',
  unknownRoute: 'the description of the API names the routes, at /openapi.json of a gateway',
  tooManyStreams: 'wait that long',
  tooOften: 'wait that long',
  eventStreamUnavailable: 'ask again after a while; /readyz of the gateway says what is away',
  nodeRemoved: 'plexctl node list shows the Nodes that are enrolled; one that is to come back registers anew',
  invariantViolation: 'correct what field names; plexctl names the flag',
};

// From dist: tools are plain Node.
const load = createRequire(join(root, 'package.json'));
const { CODES, PROBLEMS } = load('@plexsphere/wire');
const { hintFor } = load('./apps/plexctl/dist/hints.js');
const { EXIT_CODES } = load('./apps/plexctl/dist/exit-code.js');
const { COMMAND_NAMES } = load('./apps/plexctl/dist/commands/index.js');
const CODE = new RegExp(
  `(npm stop -- --erase|plexctl (?:${COMMAND_NAMES.join('|')})(?: --[a-z-]+(?: <[a-z-]+>)?)*|--[a-z-]+|[a-z]+_[a-z_]*\\*?)`,
);

const HEAD = `<!-- Made by tools/generate-errors.mjs; npm run verify compares. -->

# Errors

An error reply on the bus has the header \`Nats-Service-Error-Code\`, which is the code, and a JSON body
\`{code, detail, field?, …}\`. Code and detail are the interface and do not change; what stands beside them names what the
detail speaks of. No reply holds SQL, a path, a stack or the text of a driver: those stand in the service's log.

\`plexctl\` prints the detail, its members, and a line that begins with \`hint:\`: the last column below.

## Exit codes of plexctl

${table(
  ['exit code', 'means'],
  Object.entries(EXIT_CODES).map(([code, meaning]) => [code, meaning]),
)}

A command that gets no answer within 30 s exits 1. If it would have changed something it says \`outcome unknown\`, with the
request id and a command that shows whether it was done. It repeats its request where nobody answers, and one copy may do
what another was refused because a service was slow: so a refusal of a change is told once no copy is at work, and means that
nothing has been done. Where one copy was refused and another never answered, \`one_copy_was_refused\` says for what.
`;

const problems = Object.entries(PROBLEMS);
complete();
await settle(PATH, await markdown(PATH, [HEAD, ...Object.keys(CODES).map(section)].join('\n')));

function section(code) {
  const rows = problems
    .filter(([, problem]) => problem.code === code)
    .map(([name, { detail }]) => [`\`${detail}\``, WHEN[name], sentence(nextOf(name))]);
  if (rows.length === 0) return '';
  const exit = `Exit code ${CODES[code].exitCode}.`;
  return `## ${code}\n\n${exit}\n\n${table(['detail', 'when', 'what to do next'], rows)}\n`;
}

function nextOf(name) {
  return hintFor(PROBLEMS[name].detail, undefined) ?? NEXT[name];
}

/** A hint is a line of a terminal: it begins in lower case, its commands and members are plain, and nothing in it is a mark. */
function sentence(hint) {
  const parts = hint.split(CODE).map((part, index) => (index % 2 === 1 ? `\`${part}\`` : escaped(part)));
  const text = parts.join('');
  return `${text[0].toUpperCase()}${text.slice(1)}${text.endsWith('?') ? '' : '.'}`;
}

function escaped(text) {
  return text.replace(/[<*`]/g, '\\$&');
}

function complete() {
  const names = problems.map(([name]) => name);
  const faults = [
    ...names.filter((name) => WHEN[name] === undefined).map((name) => `${name} is not in WHEN`),
    ...names
      .filter((name) => nextOf(name) === undefined)
      .map((name) => `${name} has no hint in apps/plexctl/src/hints.ts`),
    ...Object.keys(WHEN)
      .filter((name) => !names.includes(name))
      .map((name) => `${name} is no problem any more`),
    ...Object.keys(NEXT)
      .filter((name) => hintFor(PROBLEMS[name]?.detail ?? '', undefined))
      .map((name) => `${name} has a hint: take it out of NEXT`),
  ];
  if (faults.length > 0) throw new Error(`tools/generate-errors.mjs: ${faults.join('; ')}`);
}
