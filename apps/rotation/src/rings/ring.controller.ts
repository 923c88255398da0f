import { Controller } from '@nestjs/common';
import { trustedKeys } from '@plexsphere/keyring';
import { KeyRingEntity } from '@plexsphere/store';
import { CHAIN_STATEMENTS, channelDirection, problem, type Scope } from '@plexsphere/wire';
import type {
  JwksReply,
  ListReply,
  ListStatements,
  ListStatementsReply,
  Nothing,
  OfScope,
  RingReply,
} from '@plexsphere/wire/commands';
import { jwks } from '@plexsphere/wire/jws';
import { DataSource } from 'typeorm';
import { Handles } from '../operators/handles';
import type { Asked } from '../operators/operator.guard';
import { readSnapshot } from '../transactions/database-clock';
import { listCountedRings } from './list-rings';
import { listStatements } from './list-statements';
import { existing, readRing, snapshotRing } from './read-ring';
import { keyView, ringSummary, ringView } from './ring-view';

/** Key rings as they are: from the primary, never cached, so that after a close nothing names the retired key. */
@Controller()
export class RingController {
  constructor(private readonly database: DataSource) {}

  @Handles('signing.list')
  list(_: Nothing, { operator }: Asked): Promise<ListReply> {
    return readSnapshot(this.database, async (manager) => ({
      rings: (await listCountedRings(manager, operator.scopes)).map(ringSummary),
    }));
  }

  /** The keys that verify now. @throws Problem unknownScope, also where no key has a public half */
  @Handles('signing.jwks')
  async jwks({ scope }: OfScope): Promise<JwksReply> {
    refuseChannel(scope);
    return readSnapshot(this.database, async (manager, now) => {
      const { keys, policy } = await existing(readRing(manager, scope));
      return jwks(trustedKeys(keys, policy, now).map(keyView));
    });
  }

  /** @throws Problem unknownScope */
  @Handles('signing.ring')
  async ring({ scope }: OfScope): Promise<RingReply> {
    return ringView(await existing(snapshotRing(this.database, scope)));
  }

  /** @throws Problem unknownScope, also where nothing is stated */
  @Handles('signing.chain')
  async chain({ scope, after_epoch: afterEpoch, limit }: ListStatements): Promise<ListStatementsReply> {
    refuseChannel(scope);
    return readSnapshot(this.database, async (manager) => {
      if (!(await manager.existsBy(KeyRingEntity, { scope }))) throw problem('unknownScope', { field: 'scope' });
      const page = { afterEpoch: afterEpoch ?? 0, limit: limit ?? CHAIN_STATEMENTS };
      const { statements, next } = await listStatements(manager, scope, page);
      return { scope, statements, ...(next === undefined ? {} : { next }) };
    });
  }
}

/** It has neither public halves nor statements: whoever asks for those is answered as for a scope that is not there. */
function refuseChannel(scope: Scope): void {
  if (channelDirection(scope) !== undefined) throw problem('unknownScope', { field: 'scope' });
}
