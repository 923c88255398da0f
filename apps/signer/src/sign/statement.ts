import { problem, type KeyView, type RingView } from '@plexsphere/wire';
import type { GenerateKey } from '@plexsphere/wire/commands';
import { isByPlatform, type Statement } from '@plexsphere/wire/jws';
import { activeKey } from './signing-ring';

/**
 * Refuses what no ring could take, before a key is made. `authority` is the ring that `request` is to be signed by,
 * `own` this process's ring of the request's scope, where it holds one.
 * @throws Problem invariantViolation with `field`, keyIdInUse
 */
export function checkRequest(request: GenerateKey, authority: RingView, own: RingView | undefined): void {
  const expectedEpoch = request.type === 'create' ? 1 : authority.epoch + 1;
  if (request.epoch !== expectedEpoch) throw problem('invariantViolation', { field: 'epoch' });
  if (request.type === 'create' && request.scope === authority.scope) {
    throw problem('invariantViolation', { field: 'scope' });
  }
  checkTimes(request);
  if (own !== undefined && stoodIn(own, request.new_key_id)) throw problem('keyIdInUse');
}

/** Of the key that was made for this request. `authority` as in checkRequest. */
export function statementFor(request: GenerateKey, authority: RingView, newPublicKey: string): Statement {
  const old: KeyView | undefined = request.type === 'rotate' ? activeKey(authority) : undefined;
  return {
    type: request.type,
    scope: request.scope,
    epoch: request.epoch,
    authority_epoch: isByPlatform(request.type, request.scope) ? request.authority_epoch : null,
    old_key_id: old?.key_id ?? null,
    old_public_key: old?.public_key ?? null,
    new_key_id: request.new_key_id,
    new_public_key: newPublicKey,
    opened_at: request.opened_at,
    closes_at: request.closes_at ?? null,
    transition_expires: request.transition_expires ?? null,
    next: null,
    previous: request.type === 'rotate' ? authority.statement_hash : null,
  };
}

function checkTimes({ type, opened_at, closes_at, transition_expires }: GenerateKey): void {
  const openedMs = Date.parse(opened_at);
  if (Number.isNaN(openedMs)) throw problem('invariantViolation', { field: 'opened_at' });
  const closesWell =
    closes_at === undefined ? type === 'create' : type === 'rotate' && Date.parse(closes_at) > openedMs;
  if (!closesWell) throw problem('invariantViolation', { field: 'closes_at' });
  const expiresWell =
    transition_expires === undefined
      ? type === 'create'
      : closes_at !== undefined && Date.parse(transition_expires) >= Date.parse(closes_at);
  if (!expiresWell) throw problem('invariantViolation', { field: 'transition_expires' });
}

/** The retired key of the last transition, too, which the ring shows no more; of older ones the private half is gone. */
const stoodIn = ({ keys, transition }: RingView, keyId: string): boolean =>
  keys.some(({ key_id }) => key_id === keyId) || transition?.old_key_id === keyId || transition?.new_key_id === keyId;
