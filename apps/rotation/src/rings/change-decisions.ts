import { Injectable } from '@nestjs/common';
import {
  activeKey,
  keyIdFrom,
  openRotation,
  recommitRing,
  recoverRing,
  revokeKey,
  rollbackRotation,
  stageKey,
  unstageKey,
  type OpenTransition,
  type RingChange,
  type Transition,
} from '@plexsphere/keyring';
import { scopeName } from '@plexsphere/wire';
import { ringPolicy } from '../policies/policy-decisions';
import { RotationConfig } from '../rotation-config';
import type { StoredRing } from './read-ring';
import { orProblem } from './refusal-problem';

/** What becomes of a ring at a time. @throws Problem where the domain refuses */
export type Decision<Decided extends RingChange = RingChange> = (before: StoredRing, at: Date) => Decided;

export interface ToRotate {
  /** Of a new key, or of the one that is staged. */
  newKeyId: string;
  /** Has a staged key sign though not every verifier may hold it yet. */
  force?: boolean | undefined;
}

export interface ToStage {
  newKeyId: string;
  rotateWithinMs: number;
}

/** What is not named is taken as the open rotation has it. */
export interface ToRollBack {
  oldKeyId: string | undefined;
  newKeyId: string | undefined;
  byRecoveryKey: boolean;
}

export interface ToRevoke {
  keyId: string;
  /** Without it a name is made of the date. */
  newKeyId: string | undefined;
  discardStaged: boolean;
}

/**
 * The domain's decisions under what this installation has decided: one for each command that changes a ring. The command,
 * its plan and whatever is prepared for it ask the same one.
 */
@Injectable()
export class ChangeDecisions {
  constructor(private readonly config: RotationConfig) {}

  rotate({ newKeyId, force = false }: ToRotate): Decision<RingChange<OpenTransition>> {
    return (before, openedAt) => {
      const { ring, transition, policy } = before;
      const command = { newKeyId, openedAt, force, ...this.terms(before) };
      return orProblem(() => openRotation(ring, transition, command, policy));
    };
  }

  stage({ newKeyId, rotateWithinMs }: ToStage): Decision {
    return (before, stagedAt) => {
      const { ring, transition, policy } = before;
      const rotateBy = new Date(stagedAt.getTime() + rotateWithinMs);
      const command = { newKeyId, stagedAt, rotateBy, ...this.terms(before) };
      return orProblem(() => stageKey(ring, transition, command, policy));
    };
  }

  unstage(keyId: string | undefined): Decision {
    return ({ ring, transition }) =>
      orProblem(() => unstageKey(ring, transition, keyId === undefined ? {} : { keyId }));
  }

  rollback({ oldKeyId, newKeyId, byRecoveryKey }: ToRollBack): Decision<RingChange<Transition>> {
    const { stalenessMs, relayLagMs, clockSkewMs } = this.config;
    return ({ ring, transition, policy }, at) => {
      const named = {
        oldKeyId: oldKeyId ?? transition?.oldKeyId ?? '',
        newKeyId: newKeyId ?? transition?.newKeyId ?? '',
      };
      const command = { ...named, at, stalenessMs, relayLagMs, clockSkewMs, byRecoveryKey };
      return orProblem(() => rollbackRotation(ring, transition, command, policy));
    };
  }

  revoke({ keyId, newKeyId, discardStaged }: ToRevoke): Decision {
    return (before, at) => {
      const { ring, transition } = before;
      const replacement = newKeyId ?? this.drawKeyId(before, at);
      const command = { keyId, newKeyId: replacement, discardStaged, at, ...this.terms(before) };
      return orProblem(() => revokeKey(ring, transition, command));
    };
  }

  recommit(): Decision {
    return ({ ring, transition }) => orProblem(() => recommitRing(ring, transition));
  }

  recover(oldKeyId: string, newKeyId: string): Decision {
    return ({ ring, transition, policy }) =>
      orProblem(() => recoverRing(ring, transition, { oldKeyId, newKeyId }, policy));
  }

  /** As the ring's policy has it. */
  terms(ring: StoredRing): { overlapWindowMs: number; propagationDelayMs: number; clockSkewMs: number } {
    const { overlapWindowMs, propagationDelayMs } = ringPolicy(ring, this.config);
    return { overlapWindowMs, propagationDelayMs, clockSkewMs: this.config.clockSkewMs };
  }

  /** Where nobody has named a key. */
  drawKeyId(stored: StoredRing, at: Date): string {
    const { scope, keys } = stored.ring;
    const name = scopeName(scope);
    const used = keys.map(({ keyId }) => keyId);
    return keyIdFrom(ringPolicy(stored, this.config).keyIdPattern, { name, at }, used);
  }
}

/** The key that signs afterwards. */
export const signsAfter = ({ ring }: RingChange): string => activeKey(ring).keyId;
