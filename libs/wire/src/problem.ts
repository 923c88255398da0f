/**
 * What goes wrong, as it crosses a process boundary: gRPC's canonical code names, and stable detail strings that
 * callers may compare. Everything that an operator can be told stands in these two tables. HTTP statuses are those that
 * google.rpc.Code names for each.
 */
export const CODES = {
  INVALID_ARGUMENT: { exitCode: 2, httpStatus: 400 },
  FAILED_PRECONDITION: { exitCode: 1, httpStatus: 400 },
  NOT_FOUND: { exitCode: 1, httpStatus: 404 },
  ALREADY_EXISTS: { exitCode: 1, httpStatus: 409 },
  ABORTED: { exitCode: 1, httpStatus: 409 },
  RESOURCE_EXHAUSTED: { exitCode: 1, httpStatus: 429 },
  INTERNAL: { exitCode: 1, httpStatus: 500 },
  UNAVAILABLE: { exitCode: 1, httpStatus: 503 },
  DEADLINE_EXCEEDED: { exitCode: 1, httpStatus: 504 },
  UNAUTHENTICATED: { exitCode: 77, httpStatus: 401 },
  PERMISSION_DENIED: { exitCode: 77, httpStatus: 403 },
} as const;
export type Code = keyof typeof CODES;

/**
 * Every problem that a service answers with: its code and its detail, which are the API; the text never varies. Over HTTP
 * some have a status of their own.
 */
export const PROBLEMS = {
  invariantViolation: { code: 'INVALID_ARGUMENT', detail: 'signing: invariant violation' },
  rotationInProgress: { code: 'FAILED_PRECONDITION', detail: 'signing: rotation in progress' },
  rollbackSettling: { code: 'FAILED_PRECONDITION', detail: 'signing: rollback settling' },
  anotherKeyStaged: { code: 'FAILED_PRECONDITION', detail: 'signing: another key is staged' },
  stagedKeyExpired: { code: 'FAILED_PRECONDITION', detail: 'signing: staged key expired' },
  notPropagatedYet: { code: 'FAILED_PRECONDITION', detail: 'signing: not propagated yet' },
  keyNotStaged: { code: 'FAILED_PRECONDITION', detail: 'signing: key not staged' },
  otherKeyOfType: { code: 'FAILED_PRECONDITION', detail: 'signing: another key of its type' },
  keyRetired: { code: 'FAILED_PRECONDITION', detail: 'signing: key retired' },
  keyRevoked: { code: 'FAILED_PRECONDITION', detail: 'signing: key revoked' },
  nextKeyUnavailable: { code: 'UNAVAILABLE', detail: 'signing: next key unavailable' },
  nextNotKept: { code: 'FAILED_PRECONDITION', detail: 'signing: next not kept' },
  recoveryKeyNeeded: { code: 'FAILED_PRECONDITION', detail: 'signing: recovery key needed' },
  wrongRecoveryKey: { code: 'FAILED_PRECONDITION', detail: 'signing: wrong recovery key' },
  noOpenRotation: { code: 'FAILED_PRECONDITION', detail: 'signing: no open rotation' },
  transitionMismatch: { code: 'FAILED_PRECONDITION', detail: 'signing: transition mismatch' },
  nodesLagging: { code: 'FAILED_PRECONDITION', detail: 'signing: nodes lagging' },
  notProvenYet: { code: 'FAILED_PRECONDITION', detail: 'signing: not proven yet' },
  signaturesOutstanding: { code: 'FAILED_PRECONDITION', detail: 'signing: signatures outstanding' },
  oldKeyInUse: { code: 'FAILED_PRECONDITION', detail: 'signing: old key in use' },
  noMembers: { code: 'FAILED_PRECONDITION', detail: 'signing: no members' },
  notActiveYet: { code: 'FAILED_PRECONDITION', detail: 'signing: not active yet' },
  noTargets: { code: 'FAILED_PRECONDITION', detail: 'signing: no targets' },
  fleetRunOver: { code: 'FAILED_PRECONDITION', detail: 'signing: fleet run over' },
  fleetRunUnderWay: { code: 'FAILED_PRECONDITION', detail: 'signing: fleet run under way' },
  noNodeKey: { code: 'FAILED_PRECONDITION', detail: 'signing: no node key' },
  rotationClosed: { code: 'FAILED_PRECONDITION', detail: 'signing: rotation closed' },
  domainInUse: { code: 'FAILED_PRECONDITION', detail: 'signing: domain in use' },
  scopeRemoved: { code: 'FAILED_PRECONDITION', detail: 'signing: scope removed' },
  noClientSecret: { code: 'FAILED_PRECONDITION', detail: 'signing: client has no secret' },
  noWireguardKey: { code: 'FAILED_PRECONDITION', detail: 'signing: no wireguard key' },
  lastAdmin: { code: 'FAILED_PRECONDITION', detail: 'signing: last admin' },
  epochWentBack: { code: 'FAILED_PRECONDITION', detail: 'signing: epoch went back' },
  databaseFormat: { code: 'FAILED_PRECONDITION', detail: 'signing: database of another version' },
  missingPrivilege: { code: 'FAILED_PRECONDITION', detail: 'signing: database privilege missing' },
  notBootstrapped: { code: 'FAILED_PRECONDITION', detail: 'signing: not bootstrapped' },
  credentialInUse: { code: 'FAILED_PRECONDITION', detail: 'signing: credential in use' },
  alreadyBootstrapped: { code: 'FAILED_PRECONDITION', detail: 'signing: already bootstrapped' },
  scheduleInvalid: { code: 'INVALID_ARGUMENT', detail: 'signing: schedule invalid' },
  reservedEventType: { code: 'INVALID_ARGUMENT', detail: 'signing: reserved event type' },
  requestTooLarge: { code: 'INVALID_ARGUMENT', detail: 'signing: request too large', httpStatus: 413 },
  headersTooLarge: { code: 'INVALID_ARGUMENT', detail: 'signing: headers too large', httpStatus: 431 },
  requestTooSlow: { code: 'DEADLINE_EXCEEDED', detail: 'signing: request too slow', httpStatus: 408 },
  unsupportedBody: { code: 'INVALID_ARGUMENT', detail: 'signing: unsupported body', httpStatus: 415 },
  unsupportedMethod: { code: 'INVALID_ARGUMENT', detail: 'signing: unsupported method', httpStatus: 405 },
  envelopeTooLarge: { code: 'INVALID_ARGUMENT', detail: 'signing: envelope too large' },
  keyIdInUse: { code: 'ALREADY_EXISTS', detail: 'signing: key id in use' },
  domainExists: { code: 'ALREADY_EXISTS', detail: 'signing: domain exists' },
  issuerExists: { code: 'ALREADY_EXISTS', detail: 'signing: issuer exists' },
  channelExists: { code: 'ALREADY_EXISTS', detail: 'signing: channel exists' },
  nodeExists: { code: 'ALREADY_EXISTS', detail: 'signing: node exists' },
  clientExists: { code: 'ALREADY_EXISTS', detail: 'signing: client exists' },
  nodeKeyInUse: { code: 'ALREADY_EXISTS', detail: 'signing: node key in use' },
  tokenExists: { code: 'ALREADY_EXISTS', detail: 'signing: token exists' },
  requestIdReused: { code: 'ALREADY_EXISTS', detail: 'signing: request id reused' },
  unknownScope: { code: 'NOT_FOUND', detail: 'signing: unknown scope' },
  unknownMember: { code: 'NOT_FOUND', detail: 'signing: unknown member' },
  unknownNode: { code: 'NOT_FOUND', detail: 'signing: unknown node' },
  unknownEvent: { code: 'NOT_FOUND', detail: 'signing: unknown event' },
  unknownTransition: { code: 'NOT_FOUND', detail: 'signing: unknown transition' },
  unknownClient: { code: 'NOT_FOUND', detail: 'signing: unknown client' },
  unknownToken: { code: 'NOT_FOUND', detail: 'signing: unknown token' },
  unknownFleetRun: { code: 'NOT_FOUND', detail: 'signing: unknown fleet run' },
  unknownRoute: { code: 'NOT_FOUND', detail: 'signing: unknown route' },
  unknownKey: { code: 'NOT_FOUND', detail: 'signing: unknown key' },
  epochMismatch: { code: 'ABORTED', detail: 'signing: epoch mismatch' },
  generationMismatch: { code: 'ABORTED', detail: 'signing: generation mismatch' },
  tokenMismatch: { code: 'ABORTED', detail: 'signing: token mismatch' },
  preparedTooLate: { code: 'ABORTED', detail: 'signing: prepared too late' },
  scopeBusy: { code: 'ABORTED', detail: 'signing: scope busy' },
  noSigner: { code: 'UNAVAILABLE', detail: 'signing: no signer available' },
  noLease: { code: 'UNAVAILABLE', detail: 'signing: no lease' },
  keyUnavailable: { code: 'UNAVAILABLE', detail: 'signing: key unavailable' },
  databaseUnavailable: { code: 'UNAVAILABLE', detail: 'signing: database unavailable' },
  busUnavailable: { code: 'UNAVAILABLE', detail: 'signing: bus unavailable' },
  eventStreamUnavailable: { code: 'UNAVAILABLE', detail: 'signing: event stream unavailable' },
  noAnswer: { code: 'DEADLINE_EXCEEDED', detail: 'signing: no answer' },
  revocationListFull: { code: 'RESOURCE_EXHAUSTED', detail: 'signing: revocation list full' },
  tooManyHolders: { code: 'RESOURCE_EXHAUSTED', detail: 'signing: too many lease holders' },
  tooManyMembers: { code: 'RESOURCE_EXHAUSTED', detail: 'signing: too many members' },
  tooManyStreams: { code: 'RESOURCE_EXHAUSTED', detail: 'signing: too many streams' },
  tooOften: { code: 'RESOURCE_EXHAUSTED', detail: 'signing: too often' },
  tooManyWaiting: { code: 'RESOURCE_EXHAUSTED', detail: 'signing: too many requests waiting' },
  noMeshAddress: { code: 'RESOURCE_EXHAUSTED', detail: 'signing: no mesh address left' },
  replyTooLarge: { code: 'RESOURCE_EXHAUSTED', detail: 'signing: reply too large' },
  notAuthenticated: { code: 'UNAUTHENTICATED', detail: 'signing: not authenticated' },
  proofInvalid: { code: 'UNAUTHENTICATED', detail: 'signing: proof invalid' },
  proofStale: { code: 'UNAUTHENTICATED', detail: 'signing: proof stale' },
  wrongAudience: { code: 'UNAUTHENTICATED', detail: 'signing: wrong audience' },
  proofsDisagree: { code: 'INVALID_ARGUMENT', detail: 'signing: proofs disagree' },
  enrolTokenOver: { code: 'UNAUTHENTICATED', detail: 'signing: enrolment token over' },
  wrongProof: { code: 'PERMISSION_DENIED', detail: 'signing: wrong proof' },
  notAMember: { code: 'PERMISSION_DENIED', detail: 'signing: not a member' },
  leaseOfAnother: { code: 'PERMISSION_DENIED', detail: 'signing: lease of another holder' },
  nodeKeySuperseded: { code: 'PERMISSION_DENIED', detail: 'signing: node key superseded' },
  nodeRevoked: { code: 'PERMISSION_DENIED', detail: 'signing: node revoked' },
  nodeRemoved: { code: 'PERMISSION_DENIED', detail: 'signing: node removed' },
  permissionDenied: { code: 'PERMISSION_DENIED', detail: 'signing: permission denied' },
  internal: { code: 'INTERNAL', detail: 'signing: internal error' },
} as const satisfies Record<string, { code: Code; detail: string; httpStatus?: number }>;
export type ProblemName = keyof typeof PROBLEMS;

/** The body of an error reply: `{code, detail, field?, …}`. Extra members name what the detail speaks of. */
export interface ProblemBody {
  code: Code;
  detail: string;
  field?: string;
  [member: string]: unknown;
}

/** The one error type that crosses layers. Compare `code` and `detail`; the message is for people. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: Code;
  readonly detail: string;

  constructor(
    readonly body: ProblemBody,
    options?: ErrorOptions,
  ) {
    super(body.field === undefined ? body.detail : `${body.detail} (${body.field})`, options);
    this.code = body.code;
    this.detail = body.detail;
  }

  is(name: ProblemName): boolean {
    return this.detail === PROBLEMS[name].detail;
  }
}

/** `members` stand beside code and detail in the reply, so they hold only what the caller may know. */
export const problem = (name: ProblemName, members: { field?: string; [member: string]: unknown } = {}): Problem => {
  const { code, detail } = PROBLEMS[name];
  return new Problem({ ...members, code, detail });
};

const isCode = (text: unknown): text is Code => typeof text === 'string' && Object.hasOwn(CODES, text);

/** The body of a refusal over HTTP (RFC 9457). Its `code` is the stable word by which callers tell it; the status says the rest. */
interface ProblemDetails {
  type: string;
  status: number;
  code: string;
  detail: string;
  [member: string]: unknown;
}

/** A detail that is not in the table has no type of its own. `status`: where this caller must take it otherwise. */
export function problemDetails({ body, code, detail }: Problem, status?: number): ProblemDetails {
  const [name, known] = Object.entries(PROBLEMS).find(([, row]) => row.detail === detail) ?? [];
  const ofRow = known !== undefined && 'httpStatus' in known ? known.httpStatus : undefined;
  return {
    ...body,
    type: name === undefined ? 'about:blank' : `/problems/${spelled(name, '-')}`,
    status: status ?? ofRow ?? CODES[code].httpStatus,
    code: name === undefined ? code.toLowerCase() : spelled(name, '_'),
  };
}

const spelled = (name: string, joint: string): string =>
  name.replace(/[A-Z]/g, (letter) => `${joint}${letter.toLowerCase()}`);

/** Reads an error reply. Whatever it is, the answer is a Problem: an unknown shape becomes INTERNAL. */
export function parseProblem(codeHeader: string, body: unknown): Problem {
  const members = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  const detail = typeof members['detail'] === 'string' ? members['detail'] : PROBLEMS.internal.detail;
  return new Problem({ ...members, code: isCode(codeHeader) ? codeHeader : 'INTERNAL', detail });
}
