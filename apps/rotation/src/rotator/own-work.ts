import { nextDueAt } from '@plexsphere/keyring';
import { RotatorFailureEntity } from '@plexsphere/store';
import { rotateEveryText, type Scope } from '@plexsphere/wire';
import type { PromotionStatus, RotatorFailure, ScheduleStatus, ScopeStatus } from '@plexsphere/wire/commands';
import type { EntityManager } from 'typeorm';
import { nextFiring } from '../policies/cron';
import { listLacking } from '../policies/kind-policies';
import type { Scopes } from '../rings/list-rings';
import { listScheduled, type Scheduled } from './find-candidates';

/** What status shows of a scope that is done without anybody's asking; each is absent where there is none. */
export type OwnWork = Pick<ScopeStatus, 'schedule' | 'promotion' | 'rotator_failure' | 'lacks_policy'>;

/** By scope, a query a kind of it however many scopes there are. */
export async function readOwnWork(manager: EntityManager, scopes: Scopes): Promise<(scope: Scope) => OwnWork> {
  const schedules = new Map((await listScheduled(manager, scopes)).map((each) => [each.scope, scheduleView(each)]));
  const promotions = new Map((await listPending(manager, scopes)).map((each) => [each.scope, promotionView(each)]));
  const failures = new Map((await manager.find(RotatorFailureEntity)).map((each) => [each.scope, failureView(each)]));
  const lacking = new Map((await listLacking(manager, { scopes })).map((each) => [each.scope, each.kindVersion]));
  return (scope) => ({
    ...optional('schedule', schedules.get(scope)),
    ...optional('promotion', promotions.get(scope)),
    ...optional('rotator_failure', failures.get(scope)),
    ...(lacking.has(scope) ? { lacks_policy: { kind_version: lacking.get(scope) ?? 0 } } : {}),
  });
}

const optional = <Name extends string, Value>(name: Name, value: Value | undefined): { [N in Name]?: Value } =>
  (value === undefined ? {} : { [name]: value }) as { [N in Name]?: Value };

const scheduleView = ({ scope, rotateEvery, since }: Scheduled): ScheduleStatus => ({
  rotate_every: rotateEveryText(rotateEvery),
  due_at: nextDueAt(scope, { rotateEvery }, since, nextFiring)?.toISOString() ?? null,
});

interface PendingRow {
  scope: Scope;
  keyId: string;
  percent: number;
  deadline: Date;
  askedBy: string;
}

const listPending = (manager: EntityManager, scopes: Scopes): Promise<PendingRow[]> =>
  manager.query(
    `SELECT promotion.scope, key_id AS "keyId", percent, deadline, coalesce(operator.name, actor) AS "askedBy"
       FROM ring.promotion AS promotion LEFT JOIN ring.operator AS operator ON operator.id::text = promotion.actor
      WHERE outcome IS NULL AND ($1::text[] IS NULL OR promotion.scope = ANY ($1))`,
    [scopes],
  );

const promotionView = ({ keyId, percent, deadline, askedBy }: PendingRow): PromotionStatus => ({
  ...{ key_id: keyId, percent, deadline: deadline.toISOString(), asked_by: askedBy },
});

const failureView = ({ step, detail, failures, failedAt, retryAt }: RotatorFailureEntity): RotatorFailure => ({
  ...{ step, detail, failures, failed_at: failedAt.toISOString(), retry_at: retryAt.toISOString() },
});
