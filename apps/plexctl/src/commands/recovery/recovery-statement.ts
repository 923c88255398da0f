import { ALGORITHMS, MESH_ALGORITHM, PLATFORM, Problem, publicText } from '@plexsphere/wire';
import type { PrepareSuperiorReply } from '@plexsphere/wire/commands';
import type { Bus, Invocation } from '../../command';
import { Failure } from '../../failure';
import { hintFor } from '../../hints';
import { labelled } from '../../layout';
import type { RecoveryKey } from '../../recovery/recovery-key';
import { fingerprint, vouch } from '../../recovery/vouch';
import type { Result } from '../../render';
import type { NewRecoveryKey } from './new-recovery-key';

/** By both recovery keys. What the present one is called, rotation says: no signature rests on it. */
export async function vouchedRecovery(
  invocation: Pick<Invocation, 'bus' | 'terminal'>,
  key: RecoveryKey,
  made: NewRecoveryKey,
): Promise<string> {
  const { bus } = invocation;
  const { keyId: newKeyId, publicKey } = made;
  const ring = await bus.ask('signing.ring', { scope: PLATFORM });
  const { recovery_key_id: oldKeyId } = await prepare(bus, newKeyId, publicKey);
  return vouch(invocation, key, {
    ...{ type: 'recovery', ring, oldKeyId, newKeyId, publicKeys: { old: key.publicKey, new: publicKey } },
    ...{ introduces: true, newKey: made, request: { new_key_id: newKeyId, new_public_key: publicKey } },
  });
}

const prepare = (bus: Bus, newKeyId: string, newPublicKey: string): Promise<PrepareSuperiorReply> =>
  bus.ask('signing.prepare-statement', {
    ...{ scope: PLATFORM, type: 'recovery', new_key_id: newKeyId, new_public_key: newPublicKey },
  });

/** As a rotation would go, with a key that nobody keeps. Exit code 1 where it would be refused. */
export async function planRecovery(bus: Bus, newKeyId: string): Promise<Result> {
  const publicKey = publicText(await ALGORITHMS[MESH_ALGORITHM].generate());
  const { found, blockedBy } = await attempted(() => prepare(bus, newKeyId, publicKey));
  const present = found === undefined ? undefined : fingerprint(found.recovery_public_key);
  const document = {
    ...{ scope: PLATFORM, recovery_key_id: found?.recovery_key_id ?? null, fingerprint: present ?? null },
    ...{ new_key_id: newKeyId, epoch: found?.statement.epoch ?? null, blocked_by: blockedBy },
  };
  const text = labelled([
    { label: 'would rotate', text: 'the recovery key' },
    { label: 'from', text: found === undefined ? 'not known' : `${found.recovery_key_id}  ${present}` },
    { label: 'to', text: `${newKeyId}, made on this machine` },
    { label: 'nodes', text: 'hear of it by chain; none waits for it, and no key of theirs changes' },
    { label: 'needs', text: 'the present recovery key: --recovery-key <file>; and --out for the new one' },
    { label: 'blocked by', text: blockedBy.length === 0 ? 'nothing' : blockedBy.join(', ') },
  ]).join('\n');
  const [first] = blockedBy;
  const failure = first && new Failure(1, 'would be refused', { blocked_by: blockedBy }, hintFor(first, PLATFORM));
  return { text, document, ...(failure ? { failure } : {}) };
}

/** What the ring's state forbids blocks it; any other refusal is the answer to this very question. */
const BLOCKING = new Set(['FAILED_PRECONDITION', 'ALREADY_EXISTS']);

async function attempted(
  ask: () => Promise<PrepareSuperiorReply>,
): Promise<{ found?: PrepareSuperiorReply; blockedBy: string[] }> {
  try {
    return { found: await ask(), blockedBy: [] };
  } catch (error) {
    if (error instanceof Problem && BLOCKING.has(error.code)) return { blockedBy: [error.detail] };
    throw error;
  }
}
