/** For specs: a channel with members that hold what its rings have, and say so, on the heart of rotation. */
import { randomUUID } from 'node:crypto';
import { channelDirection, directionsOf, makeSealingPair, type Scope } from '@plexsphere/wire';
import type { AddMemberReply, Close, ReportKeysReply, ReportedRing, ShowChannelReply } from '@plexsphere/wire/commands';
import { showChannel } from '../src/channels/show-channel';
import { ChangeDecisions } from '../src/rings/change-decisions';
import { existing, snapshotRing, type StoredRing } from '../src/rings/read-ring';
import { readSnapshot } from '../src/transactions/database-clock';
import { CONFIG, identity, type Heart, type Replica } from './heart';
import { proofOf } from './played-secrets';

export const SIDES: [string, string] = ['app', 'plugin'];

export interface NewMember {
  side: string;
  name: string;
  sink?: boolean;
  overHttp?: boolean;
}

/** A process of a service, as rotation hears it. */
export interface PlayedMember extends AddMemberReply {
  sealingKey: string;
}

export class ChannelWorld {
  readonly scopes: [Scope, Scope];
  private readonly members = new Map<string, PlayedMember>();

  constructor(
    readonly heart: Heart,
    readonly replica: Replica,
    readonly slug = 'pay',
  ) {
    this.scopes = directionsOf(slug, SIDES);
  }

  /** The ring by which the app signs and the plugin verifies. */
  get ring(): Scope {
    return this.scopes.find((scope) => channelDirection(scope)?.from === 'app') ?? '';
  }

  create(replica = this.replica, requestId: string = randomUUID()) {
    return replica.createChannel.create({ slug: this.slug, sides: SIDES }, identity('channel.create', requestId));
  }

  async add(
    { side, name, sink = false, overHttp = false }: NewMember,
    replica = this.replica,
    requestId: string = randomUUID(),
  ): Promise<PlayedMember> {
    const { publicKey: sealingKey } = makeSealingPair();
    const key = randomUUID().replaceAll('-', '');
    const credential = overHttp ? { bearer_hash: key.repeat(2) } : { bus_public_key: `U${key}` };
    const asked = { slug: this.slug, side, name, sink, sealing_public_key: sealingKey, ...credential };
    const added = await replica.addMember.add(asked, identity('channel.add-member', requestId));
    const member = { ...added, sealingKey };
    this.members.set(name, member);
    return member;
  }

  /** One of each side, both of which hold what there is. */
  async withTwo(prefix = ''): Promise<{ app: PlayedMember; plugin: PlayedMember }> {
    await this.create();
    const app = await this.add({ side: 'app', name: `${prefix}app-1` });
    const plugin = await this.add({ side: 'plugin', name: `${prefix}plugin-1` });
    for (const scope of this.scopes) for (const member of [app, plugin]) await this.says(member, { scope });
    return { app, plugin };
  }

  member(name: string): PlayedMember {
    const member = this.members.get(name);
    if (member === undefined) throw new Error(`${name} was not added`);
    return member;
  }

  stored(scope = this.ring): Promise<StoredRing> {
    return existing(snapshotRing(this.heart.asRotation, scope));
  }

  /** What the member holds of the ring as it is: a sender no key that is staged. */
  async holds({ node_id: nodeId, side }: PlayedMember, scope = this.ring): Promise<ReportedRing> {
    const { ring } = await this.stored(scope);
    const isSender = channelDirection(scope)?.from === side;
    const held = ring.keys.filter(({ state }) =>
      ['active', 'retiring', ...(isSender ? [] : ['staged'])].includes(state),
    );
    return {
      ...{ scope, epoch: ring.epoch, period_from: new Date().toISOString(), period_seconds: 0 },
      keys: held.map(({ keyId }) => ({
        key_id: keyId,
        proof: proofOf({ scope, keyId, epoch: ring.epoch, nodeId }),
      })),
      ...{ last_signed: null, last_verified: null, alone: [], refusals: {} },
    };
  }

  /** It reports that it holds the ring as it is, but for what is said otherwise. */
  async says(
    member: PlayedMember,
    { scope = this.ring, ...said }: Partial<ReportedRing> = {},
    replica = this.replica,
  ): Promise<ReportKeysReply['rings'][number]> {
    const ring = { ...(await this.holds(member, scope)), ...said };
    const from = { nodeId: member.node_id, isOverHttp: member.bus_jwt === null };
    const { rings } = await replica.takeReport.take(from, { rings: [ring] });
    await replica.rotator.atRest();
    return rings[0]!;
  }

  rotate(newKeyId?: string, replica = this.replica, scope = this.ring) {
    return replica.openRotation.open({ scope, newKeyId, reason: null }, identity('signing.rotate'));
  }

  rollback(replica = this.replica, scope = this.ring) {
    const named = { oldKeyId: undefined, newKeyId: undefined, statement: undefined };
    return replica.rollbackRotation.rollback({ scope, reason: null, ...named }, identity('signing.rollback'));
  }

  close(oldKeyId: string, { force = false }: Pick<Close, 'force'> = {}, replica = this.replica, scope = this.ring) {
    const closing = { scope, oldKeyId, newKeyId: undefined, force };
    return replica.closeRotation.close(closing, identity('signing.close'));
  }

  show(): Promise<ShowChannelReply> {
    const by = { decisions: new ChangeDecisions(CONFIG), config: CONFIG };
    return readSnapshot(this.heart.asRotation, (manager, now) => showChannel(manager, this.slug, { ...by, now }));
  }

  /** The ring that is rotated, as `show` has it. */
  async shownRing(): Promise<ShowChannelReply['rings'][number]> {
    return (await this.show()).rings.find(({ scope }) => scope === this.ring)!;
  }

  /** Key id and state, in the order in which they came in. */
  async states(scope = this.ring): Promise<string[]> {
    const { ring } = await this.stored(scope);
    return ring.keys.map(({ keyId, state }) => `${keyId} ${state}`);
  }

  /** Who was told of which ring since the last time that it was asked. */
  async told(): Promise<string[]> {
    const rows = await this.heart.owner.query<{ id: string; name: string; scope: string }[]>(
      `SELECT m.id::text, n.name, e.scope FROM outbox.message m JOIN outbox.event e USING (event_id)
         JOIN ring.node n ON n.id = m.node_id
        WHERE e.event_type = 'channel_keys_changed' AND m.id > $1::bigint ORDER BY n.name, e.scope`,
      [this.toldUpTo],
    );
    this.toldUpTo = rows.reduce((last, { id }) => (BigInt(id) > BigInt(last) ? id : last), this.toldUpTo);
    return rows.map(({ name, scope }) => `${name} ${scope}`);
  }

  private toldUpTo = '0';
}
