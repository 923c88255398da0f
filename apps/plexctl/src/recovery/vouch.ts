import { parseRfc3339, PLATFORM, type RingView } from '@plexsphere/wire';
import type { PrepareSuperior, PrepareSuperiorReply } from '@plexsphere/wire/commands';
import {
  anchorOfRing,
  joinStatement,
  JwsError,
  keyHash,
  requireFollows,
  STATEMENT_TYPES,
  statementSignature,
  type SigningKey,
  type Statement,
} from '@plexsphere/wire/jws';
import type { Invocation } from '../command';
import { Failure } from '../failure';
import { refuseAs } from '../refusal';
import { utc } from '../render';
import type { RecoveryKey } from './recovery-key';

/** What the recovery key is to vouch for, as the operator typed it and the plan showed it. */
export interface Wanted {
  type: PrepareSuperior['type'];
  /** The platform's ring as it was when the operator decided. */
  ring: RingView;
  oldKeyId: string;
  newKeyId: string;
  /** Where the two are no keys of the ring: of a recovery key. */
  publicKeys?: { old: string; new: string };
  /** Whether the new key comes in by this statement. */
  introduces: boolean;
  /** Of a rollback: the latest that its end may be. */
  expiresBefore?: Date;
  /** What else rotation has to know to prepare it. */
  request: Omit<PrepareSuperior, 'scope' | 'type'>;
  /** A new recovery key, which signs here as well. */
  newKey?: SigningKey;
}

type Asking = Pick<Invocation, 'bus' | 'terminal'>;

/** Half of how old a Node would take a bundle: a machine whose clock is off by more should be set right. */
const CLOCK_OFF_MS = 150_000;

/**
 * Has rotation prepare the statement, builds it here from what is wanted, and signs what was built: never the bytes that
 * came. What is a signer's to say (the new key, the key ahead) and what is the clock's are taken over, once they are seen
 * to be such; each other member has to be the one that was built.
 *
 * @throws Failure where the file is not the installation's recovery key, or anything else was prepared than was wanted
 */
export async function vouch(asking: Asking, key: RecoveryKey, wanted: Wanted): Promise<string> {
  const { type, newKey, request } = wanted;
  const prepared = await asking.bus.ask('signing.prepare-statement', { scope: PLATFORM, type, ...request });
  if (prepared.recovery_public_key !== key.publicKey) throw notThisInstallations(prepared, key);
  if (prepared.statement.epoch !== wanted.ring.epoch + 1)
    throw refuseAs('epochMismatch', {}, { hint: CHANGED_MEANWHILE });
  const statement = built(wanted, prepared.statement);
  requireSame(statement, prepared.statement);
  noteClock(asking, statement);
  try {
    const possession =
      newKey === undefined ? prepared.possession : await statementSignature(statement, newKey, 'possession');
    requireFollows(PLATFORM, anchorOfRing(wanted.ring), statement, possession !== null);
    const authority = { keyId: prepared.recovery_key_id, privateKey: key.privateKey };
    // Joining verifies the possession: until then nothing has left this process.
    const text = joinStatement(statement, await statementSignature(statement, authority, 'authority'), possession);
    noteNew(asking, wanted, statement);
    return text;
  } catch (error) {
    throw error instanceof JwsError ? notAsWanted({ refused_as: error.code }) : error;
  }
}

function built(wanted: Wanted, prepared: Statement): Statement {
  const { type, ring, oldKeyId, newKeyId, publicKeys, introduces } = wanted;
  const { next, expires } = STATEMENT_TYPES[type];
  const held = (keyId: string): string | null => ring.keys.find(({ key_id }) => key_id === keyId)?.public_key ?? null;
  return {
    ...{ type, scope: PLATFORM, epoch: ring.epoch + 1, authority_epoch: null },
    ...{ old_key_id: oldKeyId, old_public_key: publicKeys?.old ?? held(oldKeyId), new_key_id: newKeyId },
    // A signer's to say, and its possession proves it.
    new_public_key: publicKeys?.new ?? (introduces ? prepared.new_public_key : (held(newKeyId) ?? '')),
    ...{ opened_at: prepared.opened_at, closes_at: null },
    transition_expires: expires ? expiryOf(wanted, prepared) : null,
    // A signer's to say as well, and nothing proves it.
    next: next === 'kept' ? ring.next : prepared.next,
    previous: ring.statement_hash,
  };
}

/** Never later than what the operator was shown: until then the key that goes is trusted. */
function expiryOf({ expiresBefore }: Wanted, { transition_expires: expires }: Statement): string | null {
  const atMs = parseRfc3339(expires ?? '')?.ms ?? Infinity;
  if (expiresBefore === undefined || atMs > expiresBefore.getTime())
    throw notAsWanted({ member: 'transition_expires' });
  return expires;
}

function requireSame(statement: Statement, prepared: Statement): void {
  const members = new Set([...Object.keys(statement), ...Object.keys(prepared)]) as Set<keyof Statement>;
  for (const member of members) {
    if (statement[member] === prepared[member]) continue;
    throw notAsWanted({ member, wanted: String(statement[member]), prepared: String(prepared[member]) });
  }
}

const CHANGED_MEANWHILE = 'the ring changed meanwhile: nothing was signed; look at it, and run the command again';

const notAsWanted = (members: Record<string, string>): Failure =>
  new Failure(
    1,
    'what was prepared is not what was asked for',
    members,
    'nothing was signed: ask the log of the rotation service why before you run it again',
  );

const notThisInstallations = ({ recovery_public_key: theirs }: PrepareSuperiorReply, key: RecoveryKey): Error =>
  refuseAs(
    'wrongRecoveryKey',
    { file_has: fingerprint(key.publicKey), installation_has: fingerprint(theirs) },
    { hint: 'nothing was signed: take the file of the recovery key that is valid now' },
  );

/** As ssh writes those of its keys, over the raw public key. */
export const fingerprint = (publicKey: string): string => `SHA256:${keyHash(publicKey)}`;

function noteClock({ terminal }: Asking, { opened_at: openedAt }: Statement): void {
  const offMs = Math.abs((parseRfc3339(openedAt)?.ms ?? 0) - Date.now());
  if (offMs > CLOCK_OFF_MS)
    terminal.note(`the database's clock says ${utc(openedAt)}: is the clock of this machine right?`);
}

function noteNew({ terminal }: Asking, { type, introduces, ring }: Wanted, statement: Statement): void {
  const { new_key_id: keyId, new_public_key: publicKey, next } = statement;
  if (introduces) {
    const what = type === 'recovery' ? 'the new recovery key' : 'the new key';
    terminal.note(`${what} ${keyId} has the fingerprint ${fingerprint(publicKey)}`);
  }
  if (next !== null && next !== ring.next) {
    terminal.note(`the key after it has the hash ${next}, which a signer says and nobody can check`);
  }
}
