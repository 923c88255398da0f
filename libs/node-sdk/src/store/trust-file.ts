/**
 * The trust state as text on disk: a line with all of it, and a line for each write since then that was progress alone. Reading
 * is strict: of a file that somebody or something changed, nothing is taken.
 */
import { readJournal } from '@plexsphere/disk';
import { PLATFORM, isKeyId, isPublicKey, isScope, isUuid, publicKeyFromText, type TrustedKey } from '@plexsphere/wire';
import type { ChainAnchor } from '@plexsphere/wire/jws';
import { AppliedEvents, type AppliedBatch } from '../trust/applied-events';
import { earlierState } from './earlier-trust-file';
import { ringRecords, ringsOf } from './ring-records';
import { areTexts, asObject, isCount, isTime, parseObject, type JsonObject } from '../json-members';
import type { TrustState } from '../trust/trust-state';

const VERSION = 5;

/** All of it, on one line. */
export const stateText = (state: TrustState): string =>
  JSON.stringify({
    version: VERSION,
    node_id: state.nodeId,
    scope: state.scope,
    ring: anchorRecord(state.ring),
    platform: anchorRecord(state.platform),
    recovery_public_key: state.recoveryPublicKey,
    position: state.position,
    channel_rings: ringRecords(state.rings),
    applied_events: state.applied.since(0),
  });

/** How far the Node is by now, and which events it has applied since what stands before it. */
export const progressText = (position: number, appliedSince: readonly AppliedBatch[]): string =>
  JSON.stringify({ position, applied_events: appliedSince });

/** Undefined for anything but what was made of these texts, or of those of earlier versions. */
export function parseTrustFile(bytes: Buffer): TrustState | undefined {
  const earlier = earlierState(bytes);
  if (earlier !== undefined) return stateOf(earlier);
  const [first = '', ...progress] = readJournal(bytes) ?? [];
  const body = parseObject(first);
  const state = body?.['version'] === VERSION ? stateOf(body) : undefined;
  return state && progress.reduce<TrustState | undefined>(progressed, state);
}

function progressed(state: TrustState | undefined, text: string): TrustState | undefined {
  const { position, applied_events: applied, ...others } = parseObject(text) ?? {};
  if (state === undefined || !isCount(position) || !areBatches(applied) || Object.keys(others).length > 0)
    return undefined;
  state.applied.keep(applied);
  return { ...state, position };
}

function stateOf(body: JsonObject): TrustState | undefined {
  const { node_id: nodeId, scope, recovery_public_key: recoveryPublicKey, position, applied_events: applied } = body;
  const rings = ringsOf(body['channel_rings']);
  const ring = anchorOf(body['ring']);
  const platform = anchorOf(body['platform']);
  if (!isUuid(nodeId) || !isScope(scope) || !isPublicKey(recoveryPublicKey)) return undefined;
  if (ring === undefined || platform === undefined || rings === undefined || !isCount(position) || !areBatches(applied))
    return undefined;
  if (scope === PLATFORM && JSON.stringify(body['ring']) !== JSON.stringify(body['platform'])) return undefined;
  return { nodeId, scope, ring, platform, recoveryPublicKey, position, applied: new AppliedEvents(applied), rings };
}

const anchorRecord = ({
  keys,
  activeKeyId,
  stagedKeyId,
  next,
  statementHash,
  headEpoch,
  superiorEpoch,
  epoch,
  issuedAt,
  openedAt,
}: ChainAnchor) => ({
  epoch,
  statement_hash: statementHash,
  head_epoch: headEpoch,
  superior_epoch: superiorEpoch,
  next,
  active_key_id: activeKeyId,
  staged_key_id: stagedKeyId,
  ...(issuedAt !== undefined && { issued_at: issuedAt.toISOString() }),
  ...(openedAt !== undefined && { opened_at: openedAt.toISOString() }),
  keys: keys.map(keyRecord),
});

const keyRecord = ({ keyId, publicKey, notAfter }: TrustedKey) => ({
  key_id: keyId,
  public_key: publicKey.text,
  ...(notAfter !== undefined && { not_after: notAfter.toISOString() }),
});

function anchorOf(value: unknown): ChainAnchor | undefined {
  const { epoch, statement_hash: statementHash, head_epoch: headEpoch, next, ...others } = asObject(value) ?? {};
  const { active_key_id, staged_key_id: stagedKeyId, superior_epoch: superiorEpoch, keys: records } = others;
  const { issued_at, opened_at } = others;
  if (!isCount(epoch) || !isCount(headEpoch) || !isCount(superiorEpoch) || !Array.isArray(records)) return undefined;
  if (typeof statementHash !== 'string' || !isTextOrNull(next) || !isTextOrNull(stagedKeyId)) return undefined;
  const keys = records.map(keyOf).filter((key) => key !== undefined);
  const active = keys.find(({ keyId }) => keyId === active_key_id);
  const issuedAt = timeOf(issued_at);
  const openedAt = timeOf(opened_at);
  const areTimes =
    (issued_at === undefined || issuedAt !== undefined) && (opened_at === undefined || openedAt !== undefined);
  if (active === undefined || active.notAfter !== undefined || !areTimes || keys.length < records.length)
    return undefined;
  if (stagedKeyId !== null && !keys.some(({ keyId }) => keyId === stagedKeyId)) return undefined;
  const anchor = { keys, activeKeyId: active.keyId, stagedKeyId, next, statementHash, headEpoch, superiorEpoch, epoch };
  return { ...anchor, ...(issuedAt !== undefined && { issuedAt }), ...(openedAt !== undefined && { openedAt }) };
}

function keyOf(value: unknown): TrustedKey | undefined {
  const { key_id: keyId, public_key: raw, not_after: notAfter } = asObject(value) ?? {};
  if (!isKeyId(keyId) || !isPublicKey(raw)) return undefined;
  const key: TrustedKey = { keyId, publicKey: publicKeyFromText(raw) };
  if (notAfter === undefined) return key;
  const end = timeOf(notAfter);
  return end === undefined ? undefined : { ...key, notAfter: end };
}

const isTextOrNull = (value: unknown): value is string | null => value === null || typeof value === 'string';

const timeOf = (value: unknown): Date | undefined => (isTime(value) ? new Date(value) : undefined);

const areBatches = (value: unknown): value is AppliedBatch[] =>
  Array.isArray(value) && value.every((batch: unknown) => Array.isArray(batch) && isBatch(batch));

const isBatch = ([keptUntilMs, eventIds, ...rest]: unknown[]): boolean =>
  isCount(keptUntilMs) && areTexts(eventIds) && rest.length === 0;
