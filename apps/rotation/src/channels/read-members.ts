import type { Member } from '@plexsphere/keyring';
import { channelDirection, type MemberView, type Scope } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';
import type { Alone } from './read-reporter';

/** A member with what its secrets are sealed to. */
export interface RingMember extends Member {
  side: string;
  sealingKey: string;
  /** Its first word as a Node, and its last; null before. */
  firstSeenAt: Date | null;
  lastSeenAt: Date | null;
}

interface Row {
  scope: Scope;
  nodeId: string;
  name: string;
  side: string;
  sealingKey: string;
  isSink: boolean;
  heldEpoch: number | null;
  acknowledgedAt: Date | null;
  reportedFrom: Date | null;
  firstSeenAt: Date | null;
  lastSeenAt: Date | null;
  /** By key id, as are the next ones: times as text. */
  proven: Record<string, string>;
  aloneByOld: Alone[string] | null;
}

/**
 * The members that are there, of each ring, with what they last reported of it: by name. What a member held of
 * an earlier trust epoch it has not acknowledged since.
 */
const READ = `
  SELECT ring.scope, member.node_id AS "nodeId", node.name, member.side, member.sealing_key AS "sealingKey",
         member.is_sink AS "isSink", report.epoch::float8 AS "heldEpoch",
         CASE WHEN report.acknowledged_epoch = ring.trust_epoch THEN report.acknowledged_at END AS "acknowledgedAt",
         report.period_from AS "reportedFrom", stream.first_seen_at AS "firstSeenAt", stream.last_seen_at AS "lastSeenAt",
         (SELECT coalesce(jsonb_object_agg(key_id, proven_at), '{}') FROM ring.member_key AS key
           WHERE key.scope = ring.scope AND key.node_id = member.node_id) AS proven,
         report.verified_alone -> (SELECT old_key_id FROM ring.transition
                                    WHERE transition.scope = ring.scope AND outcome IS NULL) AS "aloneByOld"
    FROM ring.key_ring AS ring
    JOIN ring.member AS member ON member.slug = split_part(ring.scope, ':', 2) AND member.removed_at IS NULL
    JOIN ring.node AS node ON node.id = member.node_id
    JOIN outbox.node_stream AS stream ON stream.node_id = member.node_id
    LEFT JOIN ring.member_report AS report ON report.scope = ring.scope AND report.node_id = member.node_id
   WHERE ring.scope = ANY ($1::text[])
   ORDER BY node.name`;

/** Of rings of channels. */
export async function listMembers(manager: EntityManager, scopes: readonly Scope[]): Promise<Map<Scope, RingMember[]>> {
  const members = new Map<Scope, RingMember[]>();
  for (const row of await manager.query<Row[]>(READ, [scopes])) {
    const ofRing = members.get(row.scope) ?? [];
    if (ofRing.length === 0) members.set(row.scope, ofRing);
    ofRing.push(asMember(row));
  }
  return members;
}

/** None of a ring that is no channel's. */
export async function readMembers(manager: EntityManager, scope: Scope): Promise<RingMember[]> {
  if (channelDirection(scope) === undefined) return [];
  return (await listMembers(manager, [scope])).get(scope) ?? [];
}

const asMember = ({ scope, proven, aloneByOld, ...row }: Row): RingMember => ({
  ...row,
  role: roleOf(scope, row.side),
  proven: new Map(Object.entries(proven).map(([keyId, since]) => [keyId, new Date(since)])),
  verifiedAloneByOld: aloneByOld && {
    at: new Date(aloneByOld.at),
    periodFrom: new Date(aloneByOld.period_from),
    reportedAt: new Date(aloneByOld.reported_at),
  },
});

/** A side signs in the ring that leads away from it. */
export const roleOf = (scope: Scope, side: string): Member['role'] =>
  channelDirection(scope)?.from === side ? 'sender' : 'receiver';

export const memberView = ({ nodeId, side, sealingKey }: RingMember): MemberView => ({
  ...{ node_id: nodeId, side, sealing_key: sealingKey },
});
