import { Injectable } from '@nestjs/common';
import { KeyRingEntity } from '@plexsphere/store';
import { problem } from '@plexsphere/wire';
import type { History, HistoryReply, Show, ShowReply, TransitionSummary } from '@plexsphere/wire/commands';
import { DataSource } from 'typeorm';
import type { Scopes } from '../rings/list-rings';
import { rotationView } from '../rings/ring-view';
import { findTransition, listAudit, listTransitions, type TransitionRow } from './list-transitions';
import { readSnapshot } from '../transactions/database-clock';

const NEWEST = 20;

@Injectable()
export class RotationHistory {
  constructor(private readonly database: DataSource) {}

  /** @throws Problem unknownScope */
  history({ scope, limit }: History): Promise<HistoryReply> {
    return readSnapshot(this.database, async (manager) => {
      if (!(await manager.existsBy(KeyRingEntity, { scope }))) throw problem('unknownScope', { field: 'scope' });
      return { transitions: (await listTransitions(manager, scope, limit ?? NEWEST)).map(summary) };
    });
  }

  /** @throws Problem unknownTransition, alike for one that is not there and for one of a scope that is not theirs */
  show({ id }: Show, scopes: Scopes): Promise<ShowReply> {
    return readSnapshot(this.database, async (manager) => {
      const transition = await findTransition(manager, scopes, id);
      if (transition === undefined) throw problem('unknownTransition', { field: 'id' });
      const audit = await listAudit(manager, transition);
      return {
        ...summary(transition),
        switched_at: orNull(transition.switchedAt),
        end_switched_at: orNull(transition.endSwitchedAt),
        old_key_destroyed_at: orNull(transition.oldKeyDestroyedAt),
        audit: audit.map(({ happenedAt, ...entry }) => ({ happened_at: happenedAt.toISOString(), ...entry })),
      };
    });
  }
}

const summary = (transition: TransitionRow): TransitionSummary => ({
  id: transition.id,
  scope: transition.scope,
  ...rotationView(transition),
  outcome: transition.outcome ?? 'open',
  ended_at: orNull(transition.endedAt),
  reason: transition.reason,
  opened_by: transition.openedBy,
  ended_by: transition.endedBy,
  forced: transition.forced,
});

const orNull = (time: Date | null): string | null => time?.toISOString() ?? null;
