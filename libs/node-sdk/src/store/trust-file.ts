/** The trust state as text on disk. Reading is strict: of a file that somebody or something changed, nothing is taken. */
import { createHash } from 'node:crypto';
import { PLATFORM, isKeyId, isPublicKey, isScope, isUuid, publicKeyFromText, type TrustedKey } from '@plexsphere/wire';
import type { ChainAnchor } from '@plexsphere/wire/jws';
import { AppliedEvents, type AppliedBatch } from '../trust/applied-events';
import { ringRecords, ringsOf } from './ring-records';
import { areTexts, asObject, isCount, isTime, parseObject } from '../json-members';
import type { TrustState } from '../trust/trust-state';

const VERSION = 4;
/** Of before there were channels: the same without their rings. */
const WITHOUT_CHANNELS = 3;

/** The checksum tells a bit that fell over from a state; it is no protection against whoever may write the file. */
export function trustFileText(state: TrustState): string {
  const body = {
    version: VERSION,
    node_id: state.nodeId,
    scope: state.scope,
    ring: anchorRecord(state.ring),
    platform: anchorRecord(state.platform),
    recovery_public_key: state.recoveryPublicKey,
    position: state.position,
    channel_rings: ringRecords(state.rings),
  };
  // The one part that is long, and most of it was written like this before.
  const text = `${JSON.stringify(body).slice(0, -1)},"applied_events":${state.applied.toText()}}`;
  return `{"checksum":"${checksum(text)}","state":${text}}\n`;
}

/** Undefined for anything but what trustFileText wrote. */
export function parseTrustFile(text: string): TrustState | undefined {
  const file = parseObject(text);
  const body = asObject(file?.['state']);
  if (body === undefined || file?.['checksum'] !== checksum(JSON.stringify(body))) return undefined;
  const { node_id: nodeId, scope, recovery_public_key: recoveryPublicKey, position, applied_events: applied } = body;
  const isEarlier = body['version'] === WITHOUT_CHANNELS && body['channel_rings'] === undefined;
  if (!isEarlier && body['version'] !== VERSION) return undefined;
  const rings = isEarlier ? [] : ringsOf(body['channel_rings']);
  const ring = anchorOf(body['ring']);
  const platform = anchorOf(body['platform']);
  if (!isUuid(nodeId) || !isScope(scope) || !isPublicKey(recoveryPublicKey)) return undefined;
  if (ring === undefined || platform === undefined || rings === undefined || !isCount(position) || !areBatches(applied))
    return undefined;
  if (scope === PLATFORM && JSON.stringify(body['ring']) !== JSON.stringify(body['platform'])) return undefined;
  return { nodeId, scope, ring, platform, recoveryPublicKey, position, applied: new AppliedEvents(applied), rings };
}

const checksum = (text: string): string => createHash('sha256').update(text).digest('hex');

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
