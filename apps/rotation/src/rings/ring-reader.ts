import { Injectable } from '@nestjs/common';
import { scopeKind, type RingView, type Scope } from '@plexsphere/wire';
import type { DomainListReply, ListReply } from '@plexsphere/wire/commands';
import { DataSource } from 'typeorm';
import { RotationConfig, requireAccepted } from '../rotation-config';
import { readSnapshot } from '../transactions/read-snapshot';
import { listRings, type Scopes } from './list-rings';
import { existing, snapshotRing } from './read-ring';
import { ringView } from './ring-view';

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

  list(scopes: Scopes): Promise<ListReply> {
    return readSnapshot(this.database, async (manager) => ({
      rings: (await listRings(manager, scopes)).map(({ scope, epoch, activeKeyId, open, nodes }) => {
        return { scope, epoch, active_key_id: activeKeyId, open, nodes };
      }),
    }));
  }

  domains(scopes: Scopes): Promise<DomainListReply> {
    return readSnapshot(this.database, async (manager) => ({
      domains: (await listRings(manager, scopes))
        .filter(({ scope }) => scopeKind(scope) === 'domain')
        .map(({ scope, activeKeyId, open, nodes, createdAt }) => ({
          id: scope.slice('domain:'.length),
          scope,
          active_key_id: activeKeyId,
          open,
          nodes,
          created_at: createdAt.toISOString(),
        })),
    }));
  }
}
