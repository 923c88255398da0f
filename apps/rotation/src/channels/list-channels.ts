import { phaseOf } from '@plexsphere/keyring';
import { ChannelEntity } from '@plexsphere/store';
import { channelName } from '@plexsphere/wire';
import type { ChannelSummary } from '@plexsphere/wire/commands';
import type { EntityManager } from 'typeorm';
import { listRings, type Scopes } from '../rings/list-rings';
import { asChannel } from './find-channel';
import { listLatest } from './read-channel-facts';

/** The channels that may be seen, by slug: three queries, however many there are. */
export async function listChannels(manager: EntityManager, scopes: Scopes): Promise<ChannelSummary[]> {
  const channels = (await manager.find(ChannelEntity, { order: { slug: 'ASC' } }))
    .map(asChannel)
    .filter(({ slug }) => scopes === null || scopes.includes(channelName(slug)));
  const seen = channels.flatMap((channel) => channel.scopes);
  const rings = new Map((await listRings(manager, seen)).map((ring) => [ring.scope, ring]));
  const latest = await listLatest(manager, seen);
  const members = await countMembers(manager);
  return channels.map(({ slug, sides, scopes: directions, createdAt }) => ({
    ...{ slug, sides, members: sides.map((side) => members.get(`${slug} ${side}`) ?? 0) },
    rings: directions.flatMap((scope) => {
      const ring = rings.get(scope);
      if (ring === undefined) return [];
      const transition = latest.get(scope);
      const phase = transition === undefined ? null : phaseOf(transition);
      return [{ scope, epoch: ring.epoch, active_key_id: ring.activeKeyId, phase }];
    }),
    created_at: createdAt.toISOString(),
  }));
}

async function countMembers(manager: EntityManager): Promise<Map<string, number>> {
  const rows = await manager.query<{ place: string; count: number }[]>(
    `SELECT slug || ' ' || side AS place, count(*)::int AS count
       FROM ring.member WHERE removed_at IS NULL GROUP BY slug, side`,
  );
  return new Map(rows.map(({ place, count }) => [place, count]));
}
