import { Injectable } from '@nestjs/common';
import type { OpenTransition, RingChange } from '@plexsphere/keyring';
import type { Scope } from '@plexsphere/wire';
import type { RingChangedReply, Switched } from '@plexsphere/wire/commands';
import { ChangeRing, type Beside, type Changed } from '../rings/change-ring';
import { ChangeDecisions } from '../rings/change-decisions';
import { changedReply } from '../rings/changed-reply';
import { byItself } from '../transactions/requests';

type Committed = Omit<RingChangedReply, keyof Switched>;

/** All who receive have proven the key that is staged: senders sign by it from now on. Nobody may insist on it. */
@Injectable()
export class ActivateChannelKey {
  constructor(
    private readonly rings: ChangeRing,
    private readonly decisions: ChangeDecisions,
  ) {}

  /** `beside` asks under the ring's lock whether it is still to be. @throws Problem notProvenYet, keyNotStaged */
  activate(scope: Scope, reason: string, beside: Beside): Promise<RingChangedReply> {
    const decide = this.decisions.activate();
    const reply = (changed: Changed<RingChange<OpenTransition>>): Committed => changedReply(changed);
    return this.rings.change({ scope, reason, decide, beside, reply }, byItself('signing.activate'));
  }
}
