import type { RingPolicy } from '@plexsphere/keyring';
import type { AlgorithmName, LeaseKind, Role } from '@plexsphere/wire';
import type { KeyUse } from '@plexsphere/wire/commands';
import { Column, DeleteDateColumn, Entity, PrimaryColumn, VirtualColumn, type ValueTransformer } from 'typeorm';
import type { ChangeName } from './insert-ring';

/** Postgres hands bigint over as text. Epochs, positions and sequences stay far below 2^53. */
const integer: ValueTransformer = {
  to: (value: number | null) => value,
  from: (value: string | null) => (value === null ? null : Number(value)),
};

@Entity({ schema: 'ring', name: 'installation' })
export class InstallationEntity {
  @PrimaryColumn({ name: 'only_row', type: 'boolean' }) onlyRow: boolean;
  @Column({ name: 'recovery_key_id', type: 'text' }) recoveryKeyId: string;
  @Column({ name: 'recovery_public_key', type: 'text' }) recoveryPublicKey: string;
  /** When it last signed: it is exposed since. */
  @Column({ name: 'recovery_used_at', type: 'timestamptz', nullable: true }) recoveryUsedAt: Date | null;
}

/** Rings that are there. The row of one that was removed is found by nobody who does not ask for it (`withDeleted`). */
@Entity({ schema: 'ring', name: 'key_ring' })
export class KeyRingEntity {
  @PrimaryColumn({ type: 'text' }) scope: string;
  @Column({ type: 'bigint', transformer: integer }) epoch: number;
  @Column({ name: 'trust_epoch', type: 'bigint', transformer: integer }) trustEpoch: number;
  @DeleteDateColumn({ name: 'removed_at', type: 'timestamptz' }) removedAt: Date | null;
}

@Entity({ schema: 'ring', name: 'signing_key' })
export class SigningKeyEntity {
  @PrimaryColumn({ type: 'text' }) scope: string;
  @PrimaryColumn({ name: 'key_id', type: 'text' }) keyId: string;
  @Column({ type: 'text' }) algorithm: AlgorithmName;
  /** As its algorithm writes it; null for a key that has no public half. */
  @Column({ name: 'public_key', type: 'text', nullable: true }) publicKey: string | null;
  @Column({ type: 'text' }) state: 'staged' | 'active' | 'retiring' | 'retired' | 'revoked';
  @Column({ name: 'state_since', type: 'timestamptz' }) stateSince: Date;
  /** When a retiring key verifies no more. */
  @Column({ name: 'verifies_until', type: 'timestamptz', nullable: true }) verifiesUntil: Date | null;
  @Column({ name: 'staged_at', type: 'timestamptz', nullable: true }) stagedAt: Date | null;
  @Column({ name: 'published_at', type: 'timestamptz', nullable: true }) publishedAt: Date | null;
  @Column({ name: 'rotate_by', type: 'timestamptz', nullable: true }) rotateBy: Date | null;
  /** Of a key that signs tokens: the longest life that one may have ever since it first signed. */
  @Column({ name: 'longest_token_ms', type: 'bigint', nullable: true, transformer: integer })
  longestTokenMs: number | null;
  /** When the last of them is over, once it signs no more and that is known. */
  @Column({ name: 'tokens_until', type: 'timestamptz', nullable: true }) tokensUntil: Date | null;
  /** Of a key of another service: when that signs its last token by it, and what those call it; null where they name none. */
  @Column({ name: 'foreign_signs_until', type: 'timestamptz', nullable: true }) foreignSignsUntil: Date | null;
  @Column({ name: 'jwk_kid', type: 'text', nullable: true }) jwkKid: string | null;
  /** Of a secret that a channel's members share: by what they tell that they hold the same; and the epoch it came in at. */
  @Column({ name: 'check_value', type: 'text', nullable: true }) checkValue: string | null;
  @Column({ name: 'staged_epoch', type: 'bigint', nullable: true, transformer: integer }) stagedEpoch: number | null;
  @Column({ name: 'destroyed_at', type: 'timestamptz', nullable: true }) destroyedAt: Date | null;
  @Column({ name: 'created_at', type: 'timestamptz' }) createdAt: Date;
}

/** What an issuer has beside its ring. */
@Entity({ schema: 'ring', name: 'issuer' })
export class IssuerEntity {
  @PrimaryColumn({ type: 'text' }) scope: string;
  @Column({ type: 'text' }) url: string;
  @Column({ name: 'is_default', type: 'boolean' }) isDefault: boolean;
  /** How long a token may live that is signed now. */
  @Column({ name: 'longest_token_ms', type: 'bigint', transformer: integer }) longestTokenMs: number;
  @Column({ name: 'created_at', type: 'timestamptz' }) createdAt: Date;
}

/** Two parties that share a secret in each direction: a ring for each, `channel:<slug>:<a>-to-<b>` and the other way round. */
@Entity({ schema: 'ring', name: 'channel' })
export class ChannelEntity {
  @PrimaryColumn({ type: 'text' }) slug: string;
  @Column({ name: 'side_a', type: 'text' }) sideA: string;
  @Column({ name: 'side_b', type: 'text' }) sideB: string;
  @Column({ name: 'created_at', type: 'timestamptz' }) createdAt: Date;
}

/** A Node of `platform` that holds a channel's secrets. Members that are there: one that left is found `withDeleted`. */
@Entity({ schema: 'ring', name: 'member' })
export class MemberEntity {
  @PrimaryColumn({ name: 'node_id', type: 'uuid' }) nodeId: string;
  @Column({ type: 'text' }) slug: string;
  @Column({ type: 'text' }) side: string;
  /** X25519, standard base64: under which its secrets are sealed. */
  @Column({ name: 'sealing_key', type: 'text' }) sealingKey: string;
  /** Whether it writes them for somebody who cannot embed us. */
  @Column({ name: 'is_sink', type: 'boolean' }) isSink: boolean;
  @Column({ name: 'added_at', type: 'timestamptz' }) addedAt: Date;
  @DeleteDateColumn({ name: 'removed_at', type: 'timestamptz' }) removedAt: Date | null;
}

/** A key that a member's last report proved. */
@Entity({ schema: 'ring', name: 'member_key' })
export class MemberKeyEntity {
  @PrimaryColumn({ type: 'text' }) scope: string;
  @PrimaryColumn({ name: 'node_id', type: 'uuid' }) nodeId: string;
  @PrimaryColumn({ name: 'key_id', type: 'text' }) keyId: string;
  /** Since when reports have proven it without a break. */
  @Column({ name: 'proven_at', type: 'timestamptz' }) provenAt: Date;
  /** Of the ring, over which the proof was made. */
  @Column({ type: 'bigint', transformer: integer }) epoch: number;
  @Column({ type: 'text' }) proof: string;
}

/** What a member last reported of a ring. Times by the database's clock but those that it names itself. */
@Entity({ schema: 'ring', name: 'member_report' })
export class MemberReportEntity {
  @PrimaryColumn({ type: 'text' }) scope: string;
  @PrimaryColumn({ name: 'node_id', type: 'uuid' }) nodeId: string;
  /** The epoch that it holds; a sink: that it has written, and read back. */
  @Column({ type: 'bigint', transformer: integer }) epoch: number;
  /** The trust epoch that it held first at `acknowledgedAt`; both null while it holds none. */
  @Column({ name: 'acknowledged_epoch', type: 'bigint', nullable: true, transformer: integer })
  acknowledgedEpoch: number | null;
  @Column({ name: 'acknowledged_at', type: 'timestamptz', nullable: true }) acknowledgedAt: Date | null;
  @Column({ name: 'reported_at', type: 'timestamptz' }) reportedAt: Date;
  /** When the period began that the report covers. */
  @Column({ name: 'period_from', type: 'timestamptz' }) periodFrom: Date;
  /** By its own clock; null where it never has, or is a sink. */
  @Column({ name: 'last_signed', type: 'jsonb', nullable: true }) lastSigned: KeyUse | null;
  @Column({ name: 'last_verified', type: 'jsonb', nullable: true }) lastVerified: KeyUse | null;
  /** By key id: the last time that it verified by that key and by no newer one, and when the period of that report began. */
  @Column({ name: 'verified_alone', type: 'jsonb' })
  verifiedAlone: Record<string, { at: string; period_from: string; reported_at: string }>;
  /** Of a sink: key ids that it found where it writes, and kept, though they are not ours. */
  @Column({ name: 'taken_over', type: 'text', array: true }) takenOver: string[];
}

/** How often a member refused something in a piece of time, by reason: of the last hour alone. */
@Entity({ schema: 'ring', name: 'member_refusal' })
export class MemberRefusalEntity {
  @PrimaryColumn({ type: 'text' }) scope: string;
  @PrimaryColumn({ name: 'node_id', type: 'uuid' }) nodeId: string;
  @PrimaryColumn({ type: 'timestamptz' }) since: Date;
  @PrimaryColumn({ type: 'text' }) reason: string;
  @Column({ type: 'bigint', transformer: integer }) count: number;
}

@Entity({ schema: 'ring', name: 'transition' })
export class TransitionEntity {
  @PrimaryColumn({ type: 'uuid' }) id: string;
  @Column({ type: 'text' }) scope: string;
  @Column({ name: 'old_key_id', type: 'text' }) oldKeyId: string;
  @Column({ name: 'new_key_id', type: 'text' }) newKeyId: string;
  @Column({ name: 'opened_at', type: 'timestamptz' }) openedAt: Date;
  /** When the new key began to sign; null while it is staged. */
  @Column({ name: 'activated_at', type: 'timestamptz', nullable: true }) activatedAt: Date | null;
  @Column({ name: 'closes_at', type: 'timestamptz' }) closesAt: Date;
  @Column({ name: 'transition_expires', type: 'timestamptz' }) transitionExpires: Date;
  @Column({ name: 'opened_epoch', type: 'bigint', transformer: integer }) openedEpoch: number;
  @Column({ type: 'text', nullable: true }) reason: string | null;
  @Column({ type: 'text' }) actor: string;
  @Column({ name: 'request_id', type: 'uuid' }) requestId: string;
  @Column({ type: 'text', nullable: true }) outcome: 'closed' | 'rolled_back' | 'revoked' | null;
  @Column({ name: 'ended_at', type: 'timestamptz', nullable: true }) endedAt: Date | null;
  @Column({ name: 'ended_epoch', type: 'bigint', nullable: true, transformer: integer }) endedEpoch: number | null;
  @Column({ name: 'ended_by', type: 'text', nullable: true }) endedBy: string | null;
  @Column({ name: 'end_request_id', type: 'uuid', nullable: true }) endRequestId: string | null;
  /** When no lease of an earlier epoch could be alive any more, as the change that opened it has it. */
  @VirtualColumn({
    type: 'timestamptz',
    query: (transition) =>
      `SELECT switched_at FROM ring.ring_change WHERE scope = ${transition}.scope AND epoch = ${transition}.opened_epoch`,
  })
  switchedAt: Date | null;
}

@Entity({ schema: 'ring', name: 'ring_change' })
export class RingChangeEntity {
  @PrimaryColumn({ type: 'text' }) scope: string;
  @PrimaryColumn({ type: 'bigint', transformer: integer }) epoch: number;
  @Column({ type: 'text' }) change: ChangeName;
  @Column({ type: 'text', nullable: true }) statement: string | null;
  @Column({ name: 'statement_hash', type: 'text', nullable: true }) statementHash: string | null;
  /** The hash of the key made ahead that the statement commits to. */
  @Column({ type: 'text', nullable: true }) next: string | null;
  /** Whether the superior authority vouched for it. */
  @Column({ name: 'by_superior', type: 'boolean' }) bySuperior: boolean;
  @Column({ name: 'switched_at', type: 'timestamptz', nullable: true }) switchedAt: Date | null;
}

@Entity({ schema: 'ring', name: 'lease' })
export class LeaseEntity {
  @PrimaryColumn({ type: 'text' }) holder: string;
  @Column({ type: 'text' }) kind: LeaseKind;
  @Column({ type: 'jsonb' }) epochs: Record<string, number>;
  @Column({ name: 'renewed_at', type: 'timestamptz' }) renewedAt: Date;
  /** Given back in order; the row goes when its lease would have ended. */
  @Column({ type: 'boolean' }) released: boolean;
  /** Where its clock is wrong, by how much it is ahead of the database's. */
  @Column({ name: 'clock_off_ms', type: 'bigint', nullable: true, transformer: integer }) clockOffMs: number | null;
  /** Epochs that it claimed beyond the rings' without a proof: it is granted nothing there. */
  @Column({ type: 'jsonb' }) ahead: Record<string, number>;
  @Column({ name: 'refused_claims', type: 'bigint', transformer: integer }) refusedClaims: number;
}

/** A statement that proves a later epoch than the ring has: the scope is not served until an operator has decided. */
@Entity({ schema: 'ring', name: 'later_statement' })
export class LaterStatementEntity {
  @PrimaryColumn({ type: 'text' }) scope: string;
  @Column({ type: 'bigint', transformer: integer }) epoch: number;
  /** The holder. */
  @Column({ name: 'shown_by', type: 'text' }) shownBy: string;
  @Column({ name: 'shown_at', type: 'timestamptz' }) shownAt: Date;
}

@Entity({ schema: 'ring', name: 'node' })
export class NodeEntity {
  @PrimaryColumn({ type: 'uuid' }) id: string;
  @Column({ type: 'text' }) scope: string;
  @Column({ type: 'text' }) name: string;
  /** null of one over HTTP. */
  @Column({ name: 'bus_public_key', type: 'text', nullable: true }) busPublicKey: string | null;
  @Column({ type: 'text' }) state: 'enrolled' | 'removed' | 'revoked';
  @Column({ name: 'removed_at', type: 'timestamptz', nullable: true }) removedAt: Date | null;
  /** An operator's words, of one that is revoked. */
  @Column({ name: 'revoked_reason', type: 'text', nullable: true }) revokedReason: string | null;
}

@Entity({ schema: 'ring', name: 'operator' })
export class OperatorEntity {
  @PrimaryColumn({ type: 'uuid' }) id: string;
  @Column({ type: 'text' }) name: string;
  @Column({ type: 'text' }) role: Role;
  /** null: every scope. */
  @Column({ type: 'text', array: true, nullable: true }) scopes: string[] | null;
  @Column({ name: 'bus_public_key', type: 'text' }) busPublicKey: string;
  @Column({ name: 'bearer_hash', type: 'text' }) bearerHash: string;
  @Column({ name: 'expires_at', type: 'timestamptz' }) expiresAt: Date;
  @Column({ name: 'revoked_at', type: 'timestamptz', nullable: true }) revokedAt: Date | null;
}

@Entity({ schema: 'ring', name: 'request' })
export class RequestEntity {
  @PrimaryColumn({ name: 'request_id', type: 'uuid' }) requestId: string;
  @Column({ type: 'text' }) command: string;
  @Column({ type: 'text' }) actor: string;
  @Column({ name: 'body_hash', type: 'text' }) bodyHash: string;
  @Column({ type: 'jsonb' }) reply: unknown;
}

/** What is decided for all rings of a kind. */
@Entity({ schema: 'ring', name: 'kind_policy' })
export class KindPolicyEntity {
  @PrimaryColumn({ type: 'text' }) kind: string;
  @Column({ type: 'jsonb' }) members: Partial<RingPolicy>;
  @Column({ type: 'bigint', transformer: integer }) version: number;
  @Column({ name: 'decided_at', type: 'timestamptz' }) decidedAt: Date;
}

/** What one ring goes by: its own decisions, and its kind's as they were applied to it. */
@Entity({ schema: 'ring', name: 'policy' })
export class PolicyEntity {
  @PrimaryColumn({ type: 'text' }) scope: string;
  @Column({ type: 'jsonb' }) own: Partial<RingPolicy>;
  @Column({ name: 'of_kind', type: 'jsonb' }) ofKind: Partial<RingPolicy>;
  @Column({ name: 'kind_version', type: 'bigint', transformer: integer }) kindVersion: number;
  @Column({ name: 'scheduled_since', type: 'timestamptz', nullable: true }) scheduledSince: Date | null;
}

@Entity({ schema: 'ring', name: 'promotion' })
export class PromotionEntity {
  @PrimaryColumn({ type: 'uuid' }) id: string;
  @Column({ type: 'text' }) scope: string;
  @Column({ name: 'key_id', type: 'text' }) keyId: string;
  @Column({ type: 'integer' }) percent: number;
  @Column({ type: 'timestamptz' }) deadline: Date;
  @Column({ type: 'text', nullable: true }) reason: string | null;
  @Column({ name: 'asked_at', type: 'timestamptz' }) askedAt: Date;
  @Column({ type: 'text' }) actor: string;
  @Column({ name: 'request_id', type: 'uuid' }) requestId: string;
  @Column({ type: 'text', nullable: true }) outcome: 'rotated' | 'dropped' | null;
  @Column({ name: 'ended_at', type: 'timestamptz', nullable: true }) endedAt: Date | null;
  @Column({ name: 'end_reason', type: 'text', nullable: true }) endReason: string | null;
}

/** What the rotator could not do for a scope, and when it tries again. */
@Entity({ schema: 'ring', name: 'rotator_failure' })
export class RotatorFailureEntity {
  @PrimaryColumn({ type: 'text' }) scope: string;
  @Column({ type: 'text' }) step: string;
  @Column({ type: 'text' }) detail: string;
  @Column({ type: 'integer' }) failures: number;
  @Column({ name: 'failed_at', type: 'timestamptz' }) failedAt: Date;
  @Column({ name: 'retry_at', type: 'timestamptz' }) retryAt: Date;
}

/** How a Node hears of what its stream stores: the SDK on the bus or over HTTP, or a daemon that takes what HTTP tells it. */
export type Listens = 'bus' | 'sdk' | 'go';

/** Whether such a Node follows rings by their statements. Else it is told keys and times, of its own ring alone. */
export const readsStatements = (listens: Listens): boolean => listens !== 'go';

@Entity({ schema: 'outbox', name: 'node_stream' })
export class NodeStreamEntity {
  @PrimaryColumn({ name: 'node_id', type: 'uuid' }) nodeId: string;
  @Column({ type: 'text' }) scope: string;
  @Column({ type: 'text' }) listens: Listens;
  /** Open while its Node is enrolled; then it ends, and has ended once nothing waits for the Node any more. */
  @Column({ type: 'text', default: 'open' }) state: 'open' | 'ending' | 'ended';
  /** The last epoch whose announcement stands on the Node's stream; of the platform's ring for a Domain's Node. */
  @Column({ name: 'told_epoch', type: 'bigint', transformer: integer }) toldEpoch: number;
  @Column({ name: 'told_platform_epoch', type: 'bigint', transformer: integer }) toldPlatformEpoch: number;
  @Column({ name: 'settled_epoch', type: 'bigint', transformer: integer }) settledEpoch: number;
  @Column({ name: 'settled_platform_epoch', type: 'bigint', transformer: integer }) settledPlatformEpoch: number;
  /** Since when its streams wait for a state: nothing is sent to it meanwhile. */
  @Column({ name: 'waits_since', type: 'timestamptz', nullable: true }) waitsSince: Date | null;
}
