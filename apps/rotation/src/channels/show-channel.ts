import { activeKey, isActivationLate, namesOf, phaseOf, signsFrom } from '@plexsphere/keyring';
import type { MemberReportEntity } from '@plexsphere/store';
import type { Scope } from '@plexsphere/wire';
import type { ChannelRingView, KeyUse, MemberOfRing, ShowChannelReply } from '@plexsphere/wire/commands';
import type { EntityManager } from 'typeorm';
import type { ChangeDecisions } from '../rings/change-decisions';
import { existing, readRing } from '../rings/read-ring';
import type { RotationConfig } from '../rotation-config';
import { oldKeyUnusedFrom, waitedFor } from './channel-status';
import { findChannel } from './find-channel';
import type { RingMember } from './read-members';

interface ShownBy {
  decisions: ChangeDecisions;
  config: RotationConfig;
  now: Date;
}

/** A channel with all that its members have said last. @throws Problem unknownScope */
export async function showChannel(manager: EntityManager, slug: string, by: ShownBy): Promise<ShowChannelReply> {
  const { sides, scopes, createdAt } = await findChannel(manager, slug);
  const rings: ChannelRingView[] = [];
  for (const scope of scopes) rings.push(await showRing(manager, scope, by));
  return { slug, sides, created_at: createdAt.toISOString(), now: by.now.toISOString(), rings };
}

async function showRing(manager: EntityManager, scope: Scope, by: ShownBy): Promise<ChannelRingView> {
  const stored = await existing(readRing(manager, scope));
  const { ring, transition, members } = stored;
  const terms = { ...by.decisions.terms(stored), activateWithinMs: by.config.activateWithinMs };
  const reports = await readReports(manager, scope);
  const newestFirst = ring.keys.map(({ keyId }) => keyId).reverse();
  return {
    ...{ scope, epoch: ring.epoch, active_key_id: activeKey(ring).keyId, phase: transition && phaseOf(transition) },
    ...{ old_key_id: transition?.oldKeyId ?? null, new_key_id: transition?.newKeyId ?? null },
    opened_at: transition?.openedAt.toISOString() ?? null,
    activated_at: transition?.activatedAt?.toISOString() ?? null,
    closes_at: transition?.closesAt.toISOString() ?? null,
    safe_close_at: oldKeyUnusedFrom(stored, terms)?.toISOString() ?? null,
    waiting_for: namesOf(waitedFor(stored, terms, by.now)),
    signs_from: signsFrom(members, transition, terms, by.now)?.toISOString() ?? null,
    overdue: isActivationLate(members, transition, terms, by.now),
    members: members.map((member) => memberOf(member, reports.get(member.nodeId), newestFirst)),
  };
}

type Report = Pick<MemberReportEntity, 'reportedAt' | 'lastSigned' | 'lastVerified' | 'takenOver'> & {
  refusals: Record<string, number>;
};

/** With what each refused in the last hour. */
async function readReports(manager: EntityManager, scope: Scope): Promise<Map<string, Report>> {
  const rows = await manager.query<(Report & { nodeId: string })[]>(
    `SELECT node_id AS "nodeId", reported_at AS "reportedAt", last_signed AS "lastSigned",
            last_verified AS "lastVerified", taken_over AS "takenOver",
            (SELECT coalesce(jsonb_object_agg(reason, count), '{}')
               FROM (SELECT reason, sum(count) AS count FROM ring.member_refusal AS refusal
                      WHERE refusal.scope = report.scope AND refusal.node_id = report.node_id
                        AND since > clock_timestamp() - interval '1 hour'
                      GROUP BY reason) AS of_hour) AS refusals
       FROM ring.member_report AS report WHERE scope = $1`,
    [scope],
  );
  return new Map(rows.map((row) => [row.nodeId, row]));
}

function memberOf(member: RingMember, report: Report | undefined, newestFirst: readonly string[]): MemberOfRing {
  const { nodeId, name, side, role, isSink, heldEpoch, proven } = member;
  // A sink does not see what is signed and verified by what it has written.
  const use = (said: KeyUse | null | undefined): KeyUse | 'unknown' | null => (isSink ? 'unknown' : (said ?? null));
  return {
    ...{ node_id: nodeId, name, side, role, sink: isSink, epoch: heldEpoch },
    proven: newestFirst.filter((keyId) => proven.has(keyId)),
    reported_at: report?.reportedAt.toISOString() ?? null,
    last_signed: use(report?.lastSigned),
    last_verified: use(report?.lastVerified),
    refusals: report?.refusals ?? {},
    taken_over: report?.takenOver ?? [],
  };
}
