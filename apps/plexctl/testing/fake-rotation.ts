import { newKeyPair } from '@plexsphere/testkit';
import type { Problem, RingView } from '@plexsphere/wire';
import type { PlanChangeReply, PrepareSuperior, PrepareSuperiorReply } from '@plexsphere/wire/commands';
import { keyHash, statementSignature, type Statement } from '@plexsphere/wire/jws';
import type { Reaction, Request } from './fake-bus';

type KeyPair = ReturnType<typeof newKeyPair>;

export const hashOf = (pair: KeyPair): string => keyHash(pair.publicKey.text);

const CHANGED = { scope: 'platform', epoch: 6, confirmed: ['signer-1'], lapsed: [], unready: [], nodes: 3 };
const EXPIRES = '2099-05-01T00:00:00.000Z';

/**
 * A rotation and its signer, of a platform ring with two keys, as far as the recovery key's commands ask: it prepares what
 * it is asked for by real keys. A test spoils what it prepares.
 */
export class FakeRotation {
  readonly keys = {
    old: newKeyPair(),
    active: newKeyPair(),
    fresh: newKeyPair(),
    ahead: newKeyPair(),
    next: newKeyPair(),
  };
  readonly ring: RingView;
  readonly asked: string[] = [];
  plan: Partial<PlanChangeReply> = {};
  refuses: Partial<Record<string, Problem>> = {};
  spoil: (prepared: PrepareSuperiorReply) => PrepareSuperiorReply | Promise<PrepareSuperiorReply> = (prepared) =>
    prepared;

  constructor(readonly recoveryPublicKey: string) {
    const key = (key_id: string, pair: KeyPair, state: 'active' | 'retiring') => ({
      ...{ key_id, state, algorithm: 'Ed25519' as const, public_key: pair.publicKey.text },
      verifies_until: state === 'active' ? null : EXPIRES,
    });
    this.ring = {
      ...{ scope: 'platform', epoch: 5, trust_epoch: 5, transition: null, statement: null },
      ...{ statement_hash: hashOf(this.keys.old), head_epoch: 5, next: hashOf(this.keys.ahead), issuer: null },
      keys: [key('p2', this.keys.active, 'active'), key('p1', this.keys.old, 'retiring')],
    };
  }

  async react({ subject, body }: Request): Promise<Reaction> {
    const command = subject.split('.').slice(2).join('.');
    this.asked.push(command);
    const refusal = this.refuses[command];
    if (refusal !== undefined) return { problem: { ...refusal.body } };
    return { reply: await this.reply(command, body) };
  }

  private async reply(command: string, body: Record<string, unknown>): Promise<unknown> {
    const key = {
      active_key_id: 'p3',
      recovery_key_id: 'recovery-2',
      recovery_public_key: 'x',
      next: hashOf(this.keys.next),
    };
    switch (command) {
      case 'signing.ring':
        return this.ring;
      case 'signing.plan-change':
        return this.planned(body as Pick<PlanChangeReply, 'change'> & { key_id?: string });
      case 'signing.prepare-statement':
        return this.spoil(await this.prepared(body as unknown as PrepareSuperior));
      case 'signing.revoke':
        return {
          ...CHANGED,
          ...key,
          revoked_key_id: body['key_id'],
          replaced: true,
          gone: ['p2', 'p1'],
          known_by: null,
          ended_rotation: null,
        };
      case 'signing.rollback':
        return { ...CHANGED, ...key, old_key_id: 'p1', new_key_id: 'p2', outcome: 'rolled_back', settles_at: EXPIRES };
      default:
        return { ...CHANGED, ...key };
    }
  }

  private planned({ change, key_id: keyId }: Pick<PlanChangeReply, 'change'> & { key_id?: string }): PlanChangeReply {
    const isRevoke = change === 'revoke';
    const isRollback = change === 'rollback';
    return {
      ...{ scope: 'platform', change, active_key_id: 'p2', makes_key: isRevoke && keyId === 'p2' },
      signs_afterwards: isRollback ? 'p1' : isRevoke && keyId === 'p2' ? 'p3' : 'p2',
      gone: isRevoke ? ['p2', 'p1'] : [],
      transition_expires: isRollback ? EXPIRES : null,
      ends_rotation: isRevoke || isRollback,
      ...{ needs_recovery_key: isRevoke, nodes: 12, pending_count: 1, offline_count: 4 },
      ...{ domain_nodes: { nodes: 50, pending_count: 0, offline_count: 2 }, signers: ['signer-1'], blocked_by: [] },
      ...{
        signs_again_by: isRevoke && keyId === 'p2' ? EXPIRES : null,
        dropped_by: null,
        known_by: null,
        done_at: null,
        refused: null,
      },
      ...this.plan,
    };
  }

  private async prepared(asked: PrepareSuperior): Promise<PrepareSuperiorReply> {
    const recovery = { recovery_key_id: 'recovery', recovery_public_key: this.recoveryPublicKey };
    const statement = this.statement(asked);
    const { fresh } = this.keys;
    const isFresh = statement.new_public_key === fresh.publicKey.text;
    const possession = isFresh
      ? await statementSignature(statement, { keyId: statement.new_key_id, privateKey: fresh.privateKey }, 'possession')
      : null;
    return { statement, possession, ...recovery };
  }

  private statement({
    type,
    key_id: keyId,
    new_key_id: newKeyId = '',
    new_public_key: newPublicKey,
  }: PrepareSuperior): Statement {
    const { old, active, fresh, next } = this.keys;
    const p1 = { id: 'p1', publicKey: old.publicKey.text };
    const p2 = { id: 'p2', publicKey: active.publicKey.text };
    const [from, to] = {
      revoke: keyId === 'p2' ? [p2, { id: newKeyId, publicKey: fresh.publicKey.text }] : [p1, p2],
      rollback: [p2, p1],
      recommit: [p2, p2],
      recovery: [
        { id: 'recovery', publicKey: this.recoveryPublicKey },
        { id: newKeyId, publicKey: newPublicKey ?? '' },
      ],
    }[type] as [typeof p1, typeof p1];
    const isMadeAnew = type === 'revoke' || type === 'recommit';
    return {
      ...{ type, scope: 'platform', epoch: 6, authority_epoch: null },
      ...{ old_key_id: from.id, old_public_key: from.publicKey, new_key_id: to.id, new_public_key: to.publicKey },
      ...{ opened_at: new Date().toISOString(), closes_at: null },
      transition_expires: type === 'rollback' ? EXPIRES : null,
      next: isMadeAnew ? hashOf(next) : this.ring.next,
      previous: this.ring.statement_hash,
    };
  }
}
