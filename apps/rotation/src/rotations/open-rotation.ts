import { Injectable } from '@nestjs/common';
import type { OpenTransition, RingChange } from '@plexsphere/keyring';
import type { Scope } from '@plexsphere/wire';
import type { RotateReply, Switched } from '@plexsphere/wire/commands';
import { ChangeRing, type Beside, type Changed } from '../rings/change-ring';
import { ChangeDecisions, type ToRotate } from '../rings/change-decisions';
import { rotationView } from '../rings/ring-view';
import type { RequestIdentity } from '../transactions/requests';

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
    private readonly decisions: ChangeDecisions,
  ) {}

  open({ scope, reason, beside, ...asked }: Opening, identity: RequestIdentity): Promise<RotateReply> {
    const decide = this.decisions.rotate(asked);
    const detail = () => ({ forced: asked.force === true });
    return this.rings.change({ scope, reason, decide, detail, beside, reply: asReply }, identity);
  }
}

const asReply = ({
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
});
