import { problem, type AlgorithmName, type KeyView, type RingView } from '@plexsphere/wire';
import type { StatementRequest } from '@plexsphere/wire/commands';
import {
  JwsError,
  STATEMENT_TYPES,
  anchorOfRing,
  isByPlatform,
  requireFollows,
  statedAlgorithm,
  type Statement,
} from '@plexsphere/wire/jws';

/** What a statement says of a key. */
export interface StatedKey {
  publicKey: string;
  algorithm: AlgorithmName;
}

/**
 * Refuses what no ring could take, before a key is made. `own` is the ring of the request's scope as it was shown to this
 * process; undefined where it has none yet.
 * @throws Problem invariantViolation with `field`; epochMismatch with the own epoch; keyIdInUse where a key is to come in
 */
export function checkRequest(request: StatementRequest, own: RingView | undefined, comesIn: boolean): void {
  const { type, epoch, new_key_id: newKeyId } = request;
  if (type === 'create') {
    if (epoch !== 1) throw problem('invariantViolation', { field: 'epoch' });
    if (own !== undefined) throw problem('keyIdInUse');
  } else if (own?.epoch !== epoch - 1) {
    throw problem('epochMismatch', { epoch: own?.epoch ?? 0 });
  }
  checkTimes(request);
  if (comesIn && own !== undefined && stoodIn(own, newKeyId)) throw problem('keyIdInUse');
}

/**
 * The one statement that may follow this process' own ring. `comesIn` was made here, and is not in it yet. `next` is the hash of a key made ahead for it; null where it
 * makes none, and so keeps what the ring's head says. `imported` is a key that no signer has.
 * @throws Problem invariantViolation, nextNotKept
 */
export function statementFor(
  request: StatementRequest,
  own: RingView | undefined,
  comesIn: StatedKey | null,
  next: string | null,
  imported: StatedKey | null = null,
): Statement {
  const { type, scope, epoch, old_key_id: oldKeyId, new_key_id: newKeyId } = request;
  const old = oldKeyId === undefined ? null : heldKey(own, oldKeyId, 'old_key_id');
  const named = comesIn ?? imported ?? heldKey(own, newKeyId, 'new_key_id');
  const statement: Statement = {
    type,
    scope,
    epoch,
    authority_epoch: isByPlatform(type, scope) ? request.authority_epoch : null,
    old_key_id: oldKeyId ?? null,
    old_public_key: old?.publicKey ?? null,
    ...statedAlgorithm('old', old?.algorithm ?? null),
    new_key_id: newKeyId,
    new_public_key: named.publicKey,
    ...statedAlgorithm('new', named.algorithm),
    opened_at: request.opened_at,
    closes_at: request.closes_at ?? null,
    transition_expires: request.transition_expires ?? null,
    next: next ?? own?.next ?? null,
    previous: own?.statement_hash ?? null,
  };
  if (own !== undefined) {
    const follows = () => requireFollows(scope, anchorOfRing(own), statement, comesIn !== null);
    orProblem(follows);
  }
  return statement;
}

/** What cannot be signed was asked for wrongly: rotation never does. */
export function orProblem<Made>(making: () => Made): Made {
  try {
    return making();
  } catch (error) {
    throw error instanceof JwsError ? refused(error) : error;
  }
}

export const refused = ({ code }: JwsError): Error =>
  code === 'next_not_kept'
    ? problem('nextNotKept')
    : problem('invariantViolation', { field: 'statement', reason: code });

function heldKey(own: RingView | undefined, keyId: string, field: string): StatedKey {
  const key = own?.keys.find(({ key_id }) => key_id === keyId);
  if (key === undefined || key.public_key === null) throw problem('invariantViolation', { field });
  return { publicKey: key.public_key, algorithm: key.algorithm };
}

/** Each time is there where the type has it, and they rise. */
function checkTimes({ type, opened_at, closes_at, transition_expires }: StatementRequest): void {
  const { closes, expires } = STATEMENT_TYPES[type];
  const openedMs = Date.parse(opened_at);
  if (Number.isNaN(openedMs)) throw problem('invariantViolation', { field: 'opened_at' });
  const closesWell = closes_at === undefined ? !closes : closes && Date.parse(closes_at) > openedMs;
  if (!closesWell) throw problem('invariantViolation', { field: 'closes_at' });
  const earliest = closes_at === undefined ? openedMs : Date.parse(closes_at);
  const expiresWell =
    transition_expires === undefined ? !expires : expires && Date.parse(transition_expires) >= earliest;
  if (!expiresWell) throw problem('invariantViolation', { field: 'transition_expires' });
}

/** The retired key of the last transition, too, which the ring shows no more; of older ones the private half is gone. */
const stoodIn = ({ keys, transition }: RingView, keyId: string): boolean =>
  keys.some(({ key_id }: KeyView) => key_id === keyId) ||
  transition?.old_key_id === keyId ||
  transition?.new_key_id === keyId;
