import {
  channelCloseGate,
  closeGate,
  isOpen,
  namesOf,
  phaseOf,
  propagatedAt,
  receivers,
  safeCloseAt,
  stagedKey,
  tokensOverAt,
  type ChannelCloseGate,
  type Key,
  type OpenRotation,
  type Outstanding,
  type ScopePolicy,
  type Transition,
} from '@plexsphere/keyring';
import { Injectable } from '@nestjs/common';
import type { OperatorEntity } from '@plexsphere/store';
import { PROBLEMS, type Scope } from '@plexsphere/wire';
import type { PlanCloseReply, PlanRotateReply } from '@plexsphere/wire/commands';
import { DataSource } from 'typeorm';
import { oldKeyUnusedFrom, waitedFor } from '../channels/channel-status';
import { ChangeDecisions, STANDBY_FOR_MS, isProvenFirst, type Terms } from '../rings/change-decisions';
import type { StoredRing } from '../rings/read-ring';
import { RotationConfig } from '../rotation-config';
import { nodesStatus } from '../status/nodes-status';
import { readSnapshot } from '../transactions/database-clock';
import { isStagedByIt, type Opening } from './open-rotation';
import { blockedBy, findForPlan, told, toldBy } from './plan-facts';
import { refusalsOf, refusalsOfClose, refusalsOfRotation, type NamedKeys } from './plan-refusals';

/** What a command would do, out of what is stored alone: no signer is asked, for one that makes a key has changed something. */
@Injectable()
export class RotationPlans {
  constructor(
    private readonly database: DataSource,
    private readonly decisions: ChangeDecisions,
    private readonly config: RotationConfig,
  ) {}

  ofRotation(
    { scope, newKeyId, force = false }: Pick<Opening, 'scope' | 'newKeyId' | 'force'>,
    { role }: Pick<OperatorEntity, 'role'>,
  ): Promise<PlanRotateReply> {
    return readSnapshot(this.database, async (manager, now) => {
      const found = await findForPlan(manager, scope, { now, leaseMs: this.config.leaseMs });
      const terms = this.termsOf(found.stored);
      const staged = found.stored && stagedKey(found.stored.ring);
      const isReplaced = found.stored !== undefined && this.decisions.isReplaced(found.stored);
      // What is open is closed first.
      const command = {
        newKeyId: newKeyId ?? this.keyIdOf(found.stored, now),
        openedAt: now,
        force,
        isReplaced,
        ...terms,
      };
      return {
        scope,
        old_key_id: found.stored?.ring.keys.find((key) => key.state === 'active')?.keyId ?? null,
        new_key_id: command.newKeyId ?? null,
        ...(staged !== undefined && staged.keyId === command.newKeyId && !isReplaced
          ? { propagated_at: propagatedAt(staged, terms).toISOString() }
          : {}),
        closes_at: new Date(now.getTime() + terms.overlapWindowMs).toISOString(),
        ...told(found.stored === undefined ? found.progress : toldBy('rotate', found.stored, found.progress, now)),
        ...(isOfChannel(found.stored) && { waiting_for: namesOf(receivers(found.stored.members)) }),
        ...(found.others === null ? {} : { domain_nodes: told(found.others) }),
        signers: found.signers,
        blocked_by: [
          ...blockedBy(found, { role }, (stored) => this.refusals(served(stored, now), command)),
          ...(found.stored === undefined || found.isSigned ? [] : [PROBLEMS.noSigner.detail]),
        ],
      };
    });
  }

  /** Of the key that it is rotated to where nobody names one. */
  private keyIdOf(stored: StoredRing | undefined, now: Date): string | undefined {
    if (stored === undefined) return undefined;
    return isProvenFirst(stored) ? this.decisions.drawKeyId(stored, now) : stagedKey(stored.ring)?.keyId;
  }

  private refusals(stored: StoredRing, command: OpenRotation): string[] {
    const { newKeyId: named, force } = command;
    if (isProvenFirst(stored)) {
      return refusalsOf(() => this.decisions.rotate({ newKeyId: named, force })(stored, command.openedAt));
    }
    if (!isStagedByIt(stored, command)) return refusalsOfRotation(stored, command);
    const { newKeyId = this.decisions.drawKeyId(stored, command.openedAt), openedAt } = command;
    return refusalsOf(() => this.decisions.stage({ newKeyId, rotateWithinMs: STANDBY_FOR_MS })(stored, openedAt));
  }

  /** What is signed by a key lives as long as the installation says; a token as long as its own ring let it, at the most. */
  private lives(key: Pick<Key, 'longestTokenMs'> | undefined): RotationConfig {
    const { longestTokenLifeMs } = this.config;
    return { ...this.config, longestTokenLifeMs: key?.longestTokenMs ?? longestTokenLifeMs };
  }

  /** As the ring's policy has it; a scope without a ring has none. */
  private termsOf(stored: StoredRing | undefined): Terms {
    if (stored !== undefined) return this.decisions.terms(stored);
    return { ...this.config, propagationDelayMs: this.config.verifierCacheMs, tokens: undefined };
  }

  /** Without force, and when it could first be. What of the rotation's keys is not named is taken as the open one has it. */
  ofClosing(
    scope: Scope,
    named: NamedKeys,
    { role, scopes: seen }: Pick<OperatorEntity, 'role' | 'scopes'>,
  ): Promise<PlanCloseReply> {
    return readSnapshot(this.database, async (manager, now) => {
      const found = await findForPlan(manager, scope, { now, leaseMs: this.config.leaseMs, seen });
      const { stored, progress, others } = found;
      const open = stored !== undefined && isOpen(stored.transition) ? stored.transition : null;
      const old = stored?.ring.keys.find(({ keyId }) => keyId === open?.oldKeyId);
      const outstanding = { ...progress, tokensOver: old && tokensOverAt(old, this.config) };
      const terms = { ...this.config, ...this.termsOf(stored) };
      const channel = isOfChannel(stored) && open !== null ? stored : null;
      const byMembers = channel && open && channelCloseGate(channel.members, open, terms, now, false);
      const gate = byMembers ?? (stored && open && closeGate(outstanding, open, now, false, stored.policy));
      return {
        scope,
        old_key_id: open?.oldKeyId ?? null,
        new_key_id: open?.newKeyId ?? null,
        closes_at: open?.closesAt.toISOString() ?? null,
        earliest_close_at: (gate?.allowed === false ? freeAt(outstanding, open) : open && now)?.toISOString() ?? null,
        safe_close_at:
          (channel === null
            ? stored && open && safeCloseAt(open, this.lives(old), stored.policy)
            : oldKeyUnusedFrom(channel, terms)
          )?.toISOString() ?? null,
        nodes: nodesStatus(progress, now),
        ...(isOfChannel(stored) && { channel: countedMembers(stored) }),
        ...(channel && { waiting_for: namesOf(waitedFor(channel, terms, now)) }),
        ...(others === null ? {} : { domain_nodes: nodesStatus(others, now) }),
        blocked_by: [
          ...blockedBy(found, { role }, (ring) => refusalsOfClose(ring, named)),
          ...(stored && gate?.allowed === false ? gateDetails(stored, byMembers) : []),
        ].filter((detail, index, all) => all.indexOf(detail) === index),
      };
    });
  }
}

/** The command sees a switch through that is not recorded: by then everybody serves what is staged. */
const served = (stored: StoredRing, now: Date): StoredRing => ({
  ...stored,
  ring: { ...stored.ring, keys: stored.ring.keys.map((key) => ({ ...key, publishedAt: key.publishedAt ?? now })) },
});

/** What a close is refused with, by what keeps the old key. */
const GATE_DETAILS: Readonly<Record<ScopePolicy['gate'], string>> = {
  nodes: PROBLEMS.nodesLagging.detail,
  tokens: PROBLEMS.signaturesOutstanding.detail,
  // The domain says which.
  members: '',
  none: '',
};

const gateDetails = ({ policy }: StoredRing, byMembers: ChannelCloseGate | null): string[] =>
  byMembers === null
    ? [GATE_DETAILS[policy.gate]]
    : refusalsOf(() => {
        if (byMembers.refusal !== null) throw byMembers.refusal;
      });

const isOfChannel = (stored: StoredRing | undefined): stored is StoredRing =>
  stored !== undefined && isProvenFirst(stored);

const countedMembers = ({ transition, members }: StoredRing): NonNullable<PlanCloseReply['channel']> => {
  const receiving = receivers(members).length;
  return { phase: transition && phaseOf(transition), senders: members.length - receiving, receivers: receiving };
};

/** Tokens block until they are over, Nodes until the window is; null where it is not known when that is. */
const freeAt = ({ tokensOver }: Outstanding, open: Transition | null): Date | null | undefined =>
  tokensOver === undefined ? open?.activatedAt && open.closesAt : tokensOver;
