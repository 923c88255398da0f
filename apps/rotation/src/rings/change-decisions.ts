import { Injectable } from '@nestjs/common';
import {
  activateKey,
  activeKey,
  importKey,
  keyIdFrom,
  knownFrom,
  openChannelRotation,
  openRotation,
  publishedName,
  recommitRing,
  recoverRing,
  revokeKey,
  rollbackChannel,
  rollbackRotation,
  stageKey,
  stagedKey,
  unstageKey,
  type ChannelTerms,
  type OpenTransition,
  type RingChange,
  type TokenTerms,
  type Transition,
} from '@plexsphere/keyring';
import { problem, scopeName, type AlgorithmName } from '@plexsphere/wire';
import { ROTATE_WITHIN_S } from '@plexsphere/wire/commands';
import { isOneType } from '../policies/nameless-keys';
import { ringPolicy } from '../policies/policy-decisions';
import { RotationConfig } from '../rotation-config';
import type { StoredRing } from './read-ring';
import { orProblem } from './refusal-problem';

/**
 * For how long a standby may be rotated to: for longer than any schedule waits, so that it is there whenever it is needed;
 * and not for ever, so that no private half lies about that nobody ever takes.
 */
export const STANDBY_FOR_MS = 2 * 366 * 86_400_000;

/** What becomes of a ring at a time. @throws Problem where the domain refuses */
export type Decision<Decided extends RingChange = RingChange> = (before: StoredRing, at: Date) => Decided;

export interface ToRotate {
  /** Of a new key, or of the one that is staged; undefined: of that one. */
  newKeyId: string | undefined;
  /** Has a staged key sign though not every verifier may hold it yet. */
  force?: boolean | undefined;
}

export interface ToStage {
  /** Without it a name is made of the date. */
  newKeyId: string | undefined;
  /** Without it as long as a standby where it is one, else as long as `signing.stage` says. */
  rotateWithinMs: number | undefined;
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

export interface ToImport {
  keyId: string;
  algorithm: AlgorithmName;
  publicKey: string;
  /** What its tokens call it; null where they name no key. */
  kid: string | null;
  signsUntil: Date;
  tokenLifeMs: number;
}

export interface Terms extends ChannelTerms {
  tokens: TokenTerms | undefined;
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
      const { ring, transition, policy, members } = before;
      if (isProvenFirst(before)) {
        if (force) throw problem('invariantViolation', { field: 'force', reason: 'members prove a key, nothing else' });
        const opening = { newKeyId: newKeyId ?? this.drawKeyId(before, openedAt), openedAt, members };
        return orProblem(() => openChannelRotation(ring, transition, { ...opening, ...this.terms(before) }, policy));
      }
      const command = { newKeyId, openedAt, force, isReplaced: this.isReplaced(before), ...this.terms(before) };
      return orProblem(() => openRotation(ring, transition, command, policy));
    };
  }

  /** Has senders sign by the key that an open rotation of a channel's ring has staged. */
  activate(): Decision<RingChange<OpenTransition>> {
    return (before, at) => {
      const { ring, transition, members } = before;
      return orProblem(() => activateKey(ring, transition, members, this.terms(before), at));
    };
  }

  stage({ newKeyId, rotateWithinMs }: ToStage): Decision {
    return (before, stagedAt) => {
      refuseProvenFirst(before);
      const { ring, transition, policy } = before;
      const standsForMs = policy.newKey === 'is_staged_first' ? STANDBY_FOR_MS : ROTATE_WITHIN_S * 1_000;
      const rotateBy = new Date(stagedAt.getTime() + (rotateWithinMs ?? standsForMs));
      const named = newKeyId ?? this.drawKeyId(before, stagedAt);
      const command = { newKeyId: named, stagedAt, rotateBy, ...this.terms(before) };
      return orProblem(() => stageKey(ring, transition, command, policy));
    };
  }

  unstage(keyId: string | undefined): Decision {
    return (before) => {
      refuseProvenFirst(before);
      const { ring, transition } = before;
      return orProblem(() => unstageKey(ring, transition, keyId === undefined ? {} : { keyId }));
    };
  }

  rollback({ oldKeyId, newKeyId, byRecoveryKey }: ToRollBack): Decision<RingChange<Transition>> {
    const { stalenessMs, relayLagMs, clockSkewMs } = this.config;
    return (before, at) => {
      const { ring, transition, policy, members } = before;
      const terms = this.terms(before);
      const { tokens } = terms;
      const named = {
        oldKeyId: oldKeyId ?? transition?.oldKeyId ?? '',
        newKeyId: newKeyId ?? transition?.newKeyId ?? '',
      };
      if (isProvenFirst(before)) {
        return orProblem(() => rollbackChannel(ring, transition, { ...named, members, at }, terms));
      }
      const command = { ...named, at, stalenessMs, relayLagMs, clockSkewMs, byRecoveryKey, tokens };
      return orProblem(() => rollbackRotation(ring, transition, command, policy));
    };
  }

  revoke({ keyId, newKeyId, discardStaged }: ToRevoke): Decision {
    return (before, at) => {
      const { ring, transition, policy } = before;
      const replacement = newKeyId ?? this.drawKeyId(before, at);
      const command = { keyId, newKeyId: replacement, discardStaged, at, ...this.terms(before) };
      return orProblem(() => revokeKey(ring, transition, command, policy));
    };
  }

  import({ keyId, ...asked }: ToImport): Decision {
    return (before, at) => {
      refuseProvenFirst(before);
      const { ring, transition, policy, keys } = before;
      const isOfItsType = (algorithm: string): boolean => isOneType(algorithm, asked.algorithm);
      const ofItsType = keys.filter((key) => key.keyId !== keyId && isOfItsType(key.algorithm)).map((key) => key.keyId);
      const isMadeOfItsType = isOfItsType(ringPolicy(before, this.config).algorithm);
      const command = { ...asked, keyId, ofItsType, isMadeOfItsType, at, clockSkewMs: this.config.clockSkewMs };
      return orProblem(() => importKey(ring, transition, command, policy));
    };
  }

  recommit(): Decision {
    return (before) => {
      refuseProvenFirst(before);
      return orProblem(() => recommitRing(before.ring, before.transition));
    };
  }

  recover(oldKeyId: string, newKeyId: string): Decision {
    return ({ ring, transition, policy }) =>
      orProblem(() => recoverRing(ring, transition, { oldKeyId, newKeyId }, policy));
  }

  /** As the ring's policy has it; how long tokens may live as it was last told to whoever signs them. */
  terms(ring: StoredRing): Terms {
    const { overlapWindowMs, propagationDelayMs } = ringPolicy(ring, this.config);
    const { clockSkewMs, relayLagMs, bothForMs, leaseMs } = this.config;
    const tokens = ring.issuer === null ? undefined : { longestTokenMs: ring.issuer.longestTokenMs, leaseMs };
    return { overlapWindowMs, propagationDelayMs, clockSkewMs, relayLagMs, bothForMs, tokens };
  }

  /** Whether the rotator is about to take the staged key back, since it is of another algorithm than is decided by now. */
  isReplaced(stored: StoredRing): boolean {
    const { standby, algorithm } = ringPolicy(stored, this.config);
    const staged = stagedKey(stored);
    return standby && staged !== undefined && staged.algorithm !== algorithm;
  }

  /** Until when verifiers may not know the key that signs after a change; null where all of them do. */
  knownFrom({ ring }: RingChange, before: StoredRing, at: Date): Date | null {
    return signsAfter({ ring }) === activeKey(before.ring).keyId
      ? null
      : knownFrom({ publishedAt: activeKey(ring).publishedAt, since: at }, at, this.terms(before), before.policy);
  }

  /** Where nobody has named a key. */
  drawKeyId(stored: StoredRing, at: Date): string {
    const { scope, keys } = stored.ring;
    const name = scopeName(scope);
    const used = keys.flatMap((key) => [key.keyId, publishedName(key) ?? key.keyId]);
    return keyIdFrom(ringPolicy(stored, this.config).keyIdPattern, { name, at }, used);
  }
}

/** Whether those who verify by the ring's keys say that they hold one, before anybody signs by it. */
export const isProvenFirst = ({ policy }: Pick<StoredRing, 'policy'>): boolean => policy.newKey === 'is_proven_first';

/** There a key is staged with its rotation, and nothing commits to one. */
export function refuseProvenFirst(stored: StoredRing): void {
  if (isProvenFirst(stored)) throw problem('invariantViolation', { field: 'scope', reason: 'not in such a scope' });
}

/** The key that signs afterwards. */
export const signsAfter = ({ ring }: Pick<RingChange, 'ring'>): string => activeKey(ring).keyId;
