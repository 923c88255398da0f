import { nextStep, type NextStep } from '@plexsphere/keyring';
import { problem, type Scope } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';
import { nextFiring } from '../policies/cron';
import { ringPolicy } from '../policies/policy-decisions';
import { readRing, type StoredRing } from '../rings/read-ring';
import type { RotationConfig } from '../rotation-config';
import { databaseNow } from '../transactions/database-clock';
import { readRingFacts } from './ring-facts';

/** What is next in a ring, with the ring and the time that say so. */
export interface Due {
  step: NextStep;
  stored: StoredRing;
  now: Date;
}

/** What the domain says is next; null where nothing is. */
export async function findDue(
  manager: EntityManager,
  scope: Scope,
  config: RotationConfig,
  now: Date,
): Promise<Due | null> {
  const stored = await readRing(manager, scope);
  if (stored === undefined) return null;
  const { ring, transition, policy: kind } = stored;
  const { clockSkewMs, bothForMs } = config;
  const policy = { ...kind, ...ringPolicy(stored, config), clockSkewMs, bothForMs, nextFiring };
  const step = nextStep(ring, transition, policy, await readRingFacts(manager, stored, now), now);
  return step === null ? null : { step, stored, now };
}

/**
 * Under the ring's lock, of a step that was found without it: a person may have asked otherwise since, and whoever stood
 * still in between must not do what nobody wants any more. `manager` sees the ring as it was before the step.
 * @throws Problem epochMismatch
 */
export async function requireStillDue(
  manager: EntityManager,
  scope: Scope,
  config: RotationConfig,
  step: NextStep,
): Promise<void> {
  const due = await findDue(manager, scope, config, await databaseNow(manager));
  if (JSON.stringify(due?.step) !== JSON.stringify(step))
    throw problem('epochMismatch', { reason: 'not due any more' });
}
