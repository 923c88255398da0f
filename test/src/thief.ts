import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { loadSigningKey, readKekFile, type KekProvider } from '@plexsphere/material';
import { envelopeBy, testKey, type TestKey, type TestPrivateKey } from '@plexsphere/testkit';
import {
  ALGORITHMS,
  BRING_UP_FILES,
  MESH_ALGORITHM,
  PLATFORM,
  SIGNING_DURATION_MS,
  headers as names,
  publicText,
  subjects,
  type RingView,
  type Scope,
  type SigningKeyRotated,
} from '@plexsphere/wire';
import type { SignBundleReply } from '@plexsphere/wire/commands';
import {
  keyHash,
  readBundle,
  readStatement,
  signBundle,
  statementHash,
  type Statement,
  type TrustAnchor,
  type TrustBundle,
} from '@plexsphere/wire/jws';
import { headers as natsHeaders, type NatsConnection } from 'nats';
import { bootstrapFile, dial } from '../suites/permissions/hands';
import type { OperatorConnection } from './operator-connection';
import type { World } from './world';

const HOUR_MS = 3_600_000;

/**
 * Somebody with a relay's credential, the database and the key that wraps the private ones: who takes from it what a story
 * lets him have, puts on a Node's stream what he likes, and has no client of ours that would keep him from it.
 */
export class Thief {
  private constructor(
    private readonly world: World,
    private readonly operator: OperatorConnection,
    private readonly bus: NatsConnection,
    private readonly kek: KekProvider,
  ) {}

  static async breakIn(world: World, operator: OperatorConnection): Promise<Thief> {
    const bus = await dial(world, await bootstrapFile(world, 'outbox-relay.creds'), { kind: 'outbox-relay' });
    const kek = await readKekFile(join(dirname(world.stack.tokenFile), BRING_UP_FILES.kek));
    return new Thief(world, operator, bus, kek);
  }

  /** The private half of a key, while it is not destroyed. */
  async steal(scope: Scope, keyId: string): Promise<TestKey> {
    const sql = { query: <Rows>(text: string, values?: unknown[]) => this.world.query(text, values) as Promise<Rows> };
    const { privateKey } = await loadSigningKey(sql, this.kek, { scope, keyId });
    return { keyId, privateKey: ALGORITHMS[MESH_ALGORITHM].load(privateKey.secret()) as TestPrivateKey };
  }

  /** The one that the head commits to, under a name of his own. */
  async stealKeyAhead(scope: Scope, keyId: string): Promise<TestKey> {
    const { next } = await this.ring(scope);
    const { privateKey } = await this.steal(scope, `~${next}`);
    return { keyId, privateKey };
  }

  async ring(scope: Scope): Promise<RingView> {
    return (await this.operator.ask('signing.ring', { scope })).body as unknown as RingView;
  }

  /** To a key of his, at an epoch of his. Commits to a key that nobody has. */
  async rotation(scope: Scope, to: TestKey, members: Partial<Statement> = {}): Promise<Statement> {
    return { ...(await this.statement(scope, to)), type: 'rotate', ...expiring(), ...members };
  }

  async revocation(scope: Scope, to: TestKey, members: Partial<Statement> = {}): Promise<Statement> {
    return { ...(await this.statement(scope, to)), type: 'revoke', ...members };
  }

  /** On the Node's own stream, as a relay puts it there. */
  async tell(nodeName: string, kind: 'event' | 'chain', text: string): Promise<void> {
    const [node] = await this.world.query<{ id: string }>('SELECT id FROM ring.node WHERE name = $1 AND scope = $2', [
      nodeName,
      this.world.domain,
    ]);
    const made = natsHeaders();
    made.set(names.kind, kind);
    await this.bus.jetstream().publish(subjects.eventsOut(node?.id ?? ''), text, { headers: made });
  }

  /** On the way of a Node over HTTP, with whatever he likes said to the gateways about it. */
  async show(nodeId: string, text: string, said: Partial<Record<keyof typeof names, string | number>>): Promise<void> {
    const made = natsHeaders();
    for (const [name, value] of Object.entries(said)) made.set(names[name as keyof typeof names], `${value}`);
    await this.bus.jetstream().publish(subjects.httpEventsOut(nodeId), text, { headers: made });
  }

  /** By a true key that he has: what only a relay may ask for, and a signer builds. */
  announcement(scope: Scope, by: TestKey, statement: Statement, text: string): string {
    const { old_public_key, transition_expires, old_key_id, ...said } = statement;
    const payload: SigningKeyRotated = {
      ...{ current: said.new_public_key, previous: old_public_key ?? '', transition_expires: transition_expires ?? '' },
      ...{ scope, old_key_id: old_key_id ?? '', new_key_id: said.new_key_id, opened_at: said.opened_at },
      ...{ epoch: said.epoch, statement: text },
    };
    return envelopeBy(by, scope, new Date(), { eventType: 'signing_key_rotated', payload });
  }

  /** Beside a bundle that a signer makes for whoever is a relay, or one of his own. */
  async chain(lists: { own?: string[]; platform?: string[] }, bundle?: string): Promise<string> {
    return JSON.stringify({
      platform_statements: lists.platform ?? [],
      statements: lists.own ?? [],
      bundle: bundle ?? (await this.trueBundle()),
    });
  }

  /** By the platform's active key, over whatever he says; the rest is as it is. */
  async bundle(by: TestKey, members: Partial<TrustBundle>): Promise<string> {
    return signBundle({ ...readBundle(await this.trueBundle()), ...members }, by);
  }

  private async trueBundle(): Promise<string> {
    const [{ epoch }, { epoch: platform_epoch }] = await Promise.all([
      this.ring(this.world.domain),
      this.ring(PLATFORM),
    ]);
    const request = { scope: this.world.domain, epoch, platform_epoch, duration_ms: SIGNING_DURATION_MS };
    const reply = await this.bus.request(subjects.scopeSigner(PLATFORM, 'sign-bundle'), JSON.stringify(request), {
      timeout: 10_000,
    });
    return reply.json<SignBundleReply>().bundle;
  }

  /** What follows the ring's true head, to a key of his. */
  private async statement(scope: Scope, to: TestKey): Promise<Omit<Statement, 'type'>> {
    const { epoch, keys, statement_hash: previous } = await this.ring(scope);
    const active = keys.find(({ state }) => state === 'active');
    return {
      ...{ scope, epoch: epoch + 1, authority_epoch: null },
      ...{ old_key_id: active?.key_id ?? '', old_public_key: active?.public_key ?? '' },
      ...{ new_key_id: to.keyId, new_public_key: publicText(to.privateKey) },
      ...{ opened_at: new Date().toISOString(), closes_at: null, transition_expires: null },
      ...{ next: keyHash(publicText(testKey(randomUUID()).privateKey)), previous },
    };
  }
}

/** What a bundle says of a ring whose head is this statement of his, at an epoch of his. */
export function anchorOf(text: string, epoch = readStatement(text).epoch): TrustAnchor {
  const { type, epoch: head_epoch, next, transition_expires: not_after, ...named } = readStatement(text);
  const current = { key_id: named.new_key_id, public_key: named.new_public_key };
  const former = { key_id: named.old_key_id ?? '', public_key: named.old_public_key ?? '', not_after: not_after ?? '' };
  return {
    ...{ epoch, trust_epoch: epoch, active_key_id: named.new_key_id, staged_key_id: null },
    ...{ keys: type === 'rotate' ? [current, former] : [current], statement_hash: statementHash(text) },
    ...{ head_epoch, next },
  };
}

const expiring = () => ({
  closes_at: new Date(Date.now() + HOUR_MS).toISOString(),
  transition_expires: new Date(Date.now() + 2 * HOUR_MS).toISOString(),
});
