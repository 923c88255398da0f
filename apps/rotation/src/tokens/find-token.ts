import { ChannelEntity, OperatorEntity } from '@plexsphere/store';
import { channelSlug, isUuid } from '@plexsphere/wire';
import { In, type EntityManager } from 'typeorm';
import { asChannel } from '../channels/find-channel';

const VALID = `revoked_at IS NULL AND expires_at > clock_timestamp()`;
const THIS_MINUTE = `date_trunc('minute', clock_timestamp())`;

/**
 * Who this id belongs to, by the database's clock; null alike for one that is unknown, expired or revoked: what a
 * stranger asks with must not tell which.
 */
export const findValidOperator = async (manager: EntityManager, id: string): Promise<OperatorEntity | null> =>
  isUuid(id) ? findValid(manager, 'id', id) : null;

/** Whose bearer has this hash; null alike, as above. */
export const findOperatorByBearer = (manager: EntityManager, hash: string): Promise<OperatorEntity | null> =>
  findValid(manager, 'bearer_hash', hash);

async function findValid(
  manager: EntityManager,
  column: 'id' | 'bearer_hash',
  value: string,
): Promise<OperatorEntity | null> {
  const { entities, raw } = await manager
    .createQueryBuilder(OperatorEntity, 'operator')
    .addSelect(`operator.last_used_at IS DISTINCT FROM ${THIS_MINUTE}`, 'unmarked')
    .where(`operator.${column} = :value AND ${VALID}`, { value })
    .getRawAndEntities<{ unmarked: boolean }>();
  const [operator = null] = entities;
  // The mark is for people who clear up: no command waits for it, and none fails by it.
  if (operator !== null && raw[0]?.unmarked === true) void markUsed(manager, operator.id).catch(() => undefined);
  return operator && { ...operator, scopes: await withDirections(manager, operator.scopes) };
}

/** Whoever has a channel has both of its rings: from here on its scopes are names of rings as well. */
async function withDirections(manager: EntityManager, scopes: string[] | null): Promise<string[] | null> {
  const slugs = (scopes ?? []).flatMap((scope) => channelSlug(scope) ?? []);
  if (scopes === null || slugs.length === 0) return scopes;
  const channels = await manager.findBy(ChannelEntity, { slug: In(slugs) });
  return [...new Set([...scopes, ...channels.flatMap((channel) => asChannel(channel).scopes)])];
}

/** To the minute, so that it is one write a minute and not one a command; of several at once one writes. */
const markUsed = (manager: EntityManager, id: string): Promise<unknown> =>
  manager.query(
    `UPDATE ring.operator SET last_used_at = ${THIS_MINUTE}
      WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < ${THIS_MINUTE})`,
    [id],
  );

/** Admins of every scope whose token holds now, the given one aside: only they can make another token. */
export async function countOtherAdmins(manager: EntityManager, id: string): Promise<number> {
  const [row] = await manager.query<[{ admins: number }]>(
    `SELECT count(*)::int AS admins FROM ring.operator WHERE id <> $1 AND role = 'admin' AND scopes IS NULL AND ${VALID}`,
    [id],
  );
  return row.admins;
}
