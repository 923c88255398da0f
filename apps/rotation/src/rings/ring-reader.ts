import { Injectable } from '@nestjs/common';
import { trustedKeys } from '@plexsphere/keyring';
import { domainId, type RingView, type Scope } from '@plexsphere/wire';
import type { DomainListReply, JwksReply, ListReply } from '@plexsphere/wire/commands';
import { jwks } from '@plexsphere/wire/jws';
import { DataSource } from 'typeorm';
import { RotationConfig, requireAccepted } from '../rotation-config';
import { readSnapshot } from '../transactions/database-clock';
import { listRings, type Scopes } from './list-rings';
import { existing, readRing, snapshotRing } from './read-ring';
import { keyView, ringView } from './ring-view';

/** From the primary, never cached: after a close nothing names the retired key. */
@Injectable()
export class RingReader {
  constructor(
    private readonly database: DataSource,
    private readonly config: RotationConfig,
  ) {}

  /** @throws Problem invariantViolation, unknownScope */
  async view(scope: Scope): Promise<RingView> {
    requireAccepted(scope, this.config);
    return ringView(await existing(snapshotRing(this.database, scope)));
  }

  /** The keys that verify now. @throws Problem invariantViolation, unknownScope */
  jwks(scope: Scope): Promise<JwksReply> {
    requireAccepted(scope, this.config);
    return readSnapshot(this.database, async (manager, now) => {
      const { keys, policy } = await existing(readRing(manager, scope));
      return jwks(trustedKeys(keys, policy, now).map(keyView));
    });
  }

  list(scopes: Scopes): Promise<ListReply> {
    return readSnapshot(this.database, async (manager) => ({
      rings: (await listRings(manager, scopes)).map(({ scope, epoch, activeKeyId, open, nodes }) => {
        return { scope, epoch, active_key_id: activeKeyId, open, nodes };
      }),
    }));
  }

  domains(scopes: Scopes): Promise<DomainListReply> {
    return readSnapshot(this.database, async (manager) => ({
      domains: (await listRings(manager, scopes)).flatMap(({ scope, activeKeyId, open, nodes, createdAt }) => {
        const id = domainId(scope);
        if (id === undefined) return [];
        return [{ id, scope, active_key_id: activeKeyId, open, nodes, created_at: createdAt.toISOString() }];
      }),
    }));
  }
}
