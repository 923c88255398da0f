import { checkPolicy, type Policy, type RingPolicy } from '@plexsphere/keyring';
import { Controller } from '@nestjs/common';
import { InstallationEntity, LaterStatementEntity, LeaseEntity, TransitionEntity } from '@plexsphere/store';
import { problem } from '@plexsphere/wire';
import type {
  ContestedNodes,
  RecoveryStatus,
  ScopeStatus,
  Status,
  StatusReply,
  WentBack,
} from '@plexsphere/wire/commands';
import { DataSource, IsNull, type EntityManager } from 'typeorm';
import { Handles } from '../operators/handles';
import type { Asked } from '../operators/operator.guard';
import { channelStatus, type ChannelFacts } from '../channels/channel-status';
import { readChannelFacts } from '../channels/read-channel-facts';
import { RotationConfig } from '../rotation-config';
import { countBacklogs, type BacklogRow, backlogView } from './backlog';
import { listKeys, type KeyRow } from '../rings/list-keys';
import { countNodes, type NodeCounts } from '../nodes/counting/count-nodes';
import { listRings, type RingRow, type Scopes } from '../rings/list-rings';
import { policyOf } from '../rings/read-ring';
import { readSnapshot } from '../transactions/database-clock';
import { contestedStatus, readContested } from './contested';
import { domainForks, forkedDomains, forksOf, readForks, type Forks } from './forks';
import { NAMES_SHOWN, nodesStatus, waitingStatus } from './nodes-status';
import { readRefusals } from '../refusals/refusal-table';
import { readRingPolicies } from './ring-policies';
import { activeKnownBy, algorithmsOf, keyStatus, openTransition } from './ring-status';
import { readOwnWork, type OwnWork } from '../rotator/own-work';
import { signerStatus } from './signer-status';

/** Names over all scopes of a reply: a list. Together with what else there is they stay below the bus' limit of 1 MB. */
const NAMES_IN_REPLY = 2_000;

/** What the database says of the scopes that are asked for, a query a kind however many scopes there are. */
interface Found {
  now: Date;
  keys: Map<string, KeyRow[]>;
  /** What each ring goes by. */
  goesBy: (scope: string) => RingPolicy;
  nodes: NodeCounts;
  transitions: Map<string, TransitionEntity>;
  backlogs: Map<string, BacklogRow>;
  signers: LeaseEntity[];
  laterStatements: Map<string, LaterStatementEntity>;
  namesShown: number;
  ownWork: (scope: string) => OwnWork;
  forks: Forks[];
  contested: Map<string, ContestedNodes>;
  installation: InstallationEntity | null;
  /** Of the rings of channels. */
  channels: Map<string, ChannelFacts>;
  /** Whose Nodes may be named; null for all. */
  seen: Scopes;
}

/** How far each ring's signers and Nodes have come. */
@Controller()
export class StatusController {
  constructor(
    private readonly database: DataSource,
    private readonly config: RotationConfig,
  ) {}

  /** @throws Problem unknownScope where `scope` is named and has no ring */
  @Handles('signing.status')
  status({ scope }: Status, asked: Asked): Promise<StatusReply> {
    const scopes = asked.visibleScopes(scope);
    return readSnapshot(this.database, async (manager, now) => {
      const rings = await listRings(manager, scopes);
      if (typeof scope === 'string' && rings.length === 0) throw problem('unknownScope', { field: 'scope' });
      const found = await find(manager, scopes, rings, { now, seen: asked.operator.scopes, config: this.config });
      return {
        now: now.toISOString(),
        short_overlap_allowed: hasShortOverlap(this.config),
        scopes: rings.map((ring) => scopeStatus(ring, found, this.config)),
        ...(await readRefusals(manager, asked.operator)),
      };
    });
  }
}

async function find(
  manager: EntityManager,
  scopes: Scopes,
  rings: RingRow[],
  { now, seen, config }: Pick<Found, 'now' | 'seen'> & { config: RotationConfig },
): Promise<Found> {
  const keys = groupBy(await listKeys(manager, scopes), (key) => key.scope);
  const transitions = await manager.findBy(TransitionEntity, { outcome: IsNull() });
  const platform = rings.find(({ scope }) => policyOf(scope).tells.otherNodes !== null);
  const namesShown = Math.min(NAMES_SHOWN, Math.floor(NAMES_IN_REPLY / Math.max(1, rings.length)));
  const nodes = await countNodes(manager, {
    rings,
    domains: platform === undefined ? null : { trustEpoch: platform.trustEpoch, seen },
    ...{ now, names: namesShown },
  });
  return {
    ...{ now, seen, keys, nodes, namesShown },
    goesBy: await readRingPolicies(manager, scopes, config),
    transitions: new Map(transitions.map((transition) => [transition.scope, transition])),
    backlogs: await countBacklogs(manager, scopes, nodes.standings),
    signers: await manager.find(LeaseEntity, { where: { kind: 'signer', released: false }, order: { holder: 'ASC' } }),
    laterStatements: new Map((await manager.find(LaterStatementEntity)).map((later) => [later.scope, later])),
    forks: await readForks(manager, namesShown),
    contested: await readContested(manager, namesShown),
    channels: await readChannelFacts(manager, rings, keys),
    installation: await manager.findOneBy(InstallationEntity, { onlyRow: true }),
    ownWork: await readOwnWork(manager, scopes),
  };
}

function scopeStatus(ring: RingRow, found: Found, config: RotationConfig): ScopeStatus {
  const { scope, epoch, trustEpoch } = ring;
  const { now, nodes } = found;
  const transition = found.transitions.get(scope);
  const later = found.laterStatements.get(scope);
  const keys = found.keys.get(scope) ?? [];
  return {
    scope,
    epoch,
    trust_epoch: trustEpoch,
    ...algorithmsOf(scope),
    keys: keys.map((key) => keyStatus(key, found)),
    known_by: activeKnownBy(keys, found)?.toISOString() ?? null,
    transition: transition === undefined ? null : openTransition(transition, keys, found, config),
    ...ofChannel(scope, found, config),
    signers: found.signers.map((lease) => signerStatus(lease, ring, { now, leaseMs: config.leaseMs })),
    ...(later === undefined ? {} : { went_back: wentBack(later) }),
    nodes: nodesStatus(nodes.progressIn(scope), now),
    ...(policyOf(scope).tells.otherNodes !== null && nodes.domains !== null
      ? { domain_nodes: nodesStatus(nodes.domains, now) }
      : {}),
    ...(policyOf(scope).superior === 'recovery_key' && found.installation !== null
      ? { recovery: recoveryStatus(found.installation) }
      : {}),
    ...waitingStatus(nodes.waitingIn(scope)),
    ...forksStatus(scope, found),
    ...contestedStatus(found.contested.get(scope)),
    backlog: backlogView(found.backlogs.get(scope), now),
    ...found.ownWork(scope),
  };
}

/** What stands in the place of what Nodes and tokens say of other rings. */
function ofChannel(
  scope: string,
  { channels, goesBy, now, namesShown }: Found,
  config: RotationConfig,
): Pick<ScopeStatus, 'channel'> {
  const facts = channels.get(scope);
  if (facts === undefined) return {};
  return { channel: channelStatus(facts, { ...config, ...goesBy(scope) }, now, namesShown) };
}

function forksStatus(scope: string, { forks, seen, namesShown }: Found): Partial<ScopeStatus> {
  const own = forksOf(scope, forks);
  const isTold = policyOf(scope).tells.otherNodes !== null;
  const others = isTold ? domainForks(forks, seen, namesShown) : undefined;
  const domains = isTold ? forkedDomains(forks, seen, namesShown) : undefined;
  return {
    ...(own && { forks: own }),
    ...(others && { domain_forks: others }),
    ...(domains && { forked_domains: domains }),
  };
}

const recoveryStatus = (row: InstallationEntity): RecoveryStatus => ({
  ...{ key_id: row.recoveryKeyId, public_key: row.recoveryPublicKey },
  used_at: row.recoveryUsedAt?.toISOString() ?? null,
});

const wentBack = ({ epoch, shownBy, shownAt }: LaterStatementEntity): WentBack => ({
  ...{ epoch, shown_by: shownBy, shown_at: shownAt.toISOString() },
});

/** Bring-up has refused it unless it was insisted on. */
const hasShortOverlap = (policy: Policy): boolean => checkPolicy(policy).some(({ code }) => code === 'short_overlap');

/** In the order in which they come. */
function groupBy<Key, Item>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
