import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { isOpen, namesOf, receivers, stagedKey, type OpenTransition, type RingChange } from '@plexsphere/keyring';
import { Problem, type Scope } from '@plexsphere/wire';
import type { RotateReply, Switched } from '@plexsphere/wire/commands';
import { ChangeRing, type Beside, type Changed } from '../rings/change-ring';
import { ChangeDecisions, STANDBY_FOR_MS, isProvenFirst, type ToRotate } from '../rings/change-decisions';
import { rotationView } from '../rings/ring-view';
import type { StoredRing } from '../rings/read-ring';
import { StageKey } from '../rings/stage-key';
import type { RequestIdentity } from '../transactions/requests';
import { AfterCommit } from './after-commit';

export interface Opening extends ToRotate {
  scope: Scope;
  reason: string | null;
  beside?: Beside;
}

/** The new key signs, and the old one verifies until the transition expires. */
@Injectable()
export class OpenRotation {
  constructor(
    private readonly rings: ChangeRing,
    private readonly staging: StageKey,
    private readonly decisions: ChangeDecisions,
    private readonly afterCommit: AfterCommit,
  ) {}

  open(opening: Opening, identity: RequestIdentity): Promise<RotateReply> {
    const { scope, reason, beside, ...asked } = opening;
    const decide = this.decisions.rotate(asked);
    const first = (before: StoredRing, at: Date) => this.publish(before, at, opening, identity);
    const detail = () => ({ forced: asked.force === true });
    return this.rings.change({ scope, reason, decide, first, detail, beside, reply: asReply }, identity);
  }

  /**
   * Where verifiers ask for keys when they like, none signs that is not served to them: it is staged by a change of its
   * own, and everybody who serves the ring has confirmed that. What a crash leaves in between is a standby, which whoever
   * asks again finds.
   */
  private async publish(before: StoredRing, at: Date, opening: Opening, identity: RequestIdentity): Promise<void> {
    const { scope, newKeyId: named, reason } = opening;
    if (before.policy.newKey !== 'is_staged_first') return;
    if (isStagedByIt(before, opening)) {
      const newKeyId = named ?? this.decisions.drawKeyId(before, at);
      const staging = { scope, newKeyId, rotateWithinMs: STANDBY_FOR_MS, reason };
      const asked = { ...identity, requestId: randomUUID(), command: 'signing.stage' } as const;
      await this.staging.stage(staging, asked).catch((error: unknown) => {
        // The standby came meanwhile, by the rotator: whoever has named none takes that one.
        if (named !== undefined || !(error instanceof Problem && error.is('anotherKeyStaged'))) throw error;
      });
    }
    await this.afterCommit.finishPending(scope);
  }
}

/** By force a key that is not staged so far is staged first. */
export const isStagedByIt = ({ ring, transition, policy }: StoredRing, { force }: Pick<ToRotate, 'force'>): boolean =>
  policy.newKey === 'is_staged_first' && force === true && stagedKey(ring) === undefined && !isOpen(transition);

const asReply = ({
  before,
  after: { ring, transition },
  told: { nodes, otherNodes },
  unready,
}: Changed<RingChange<OpenTransition>>): Omit<RotateReply, keyof Switched> => ({
  scope: ring.scope,
  ...rotationView(transition),
  epoch: ring.epoch,
  unready,
  nodes,
  ...(otherNodes === null ? {} : { domain_nodes: otherNodes }),
  ...(isProvenFirst(before) && { phase: 'staged' as const, waiting_for: namesOf(receivers(before.members)) }),
});
