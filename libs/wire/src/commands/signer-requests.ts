import {
  ArrayMaxSize,
  IsIn,
  IsInt,
  IsISO8601,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateIf,
} from '../validator';
import { ALGORITHMS, PUBLIC_ALGORITHM_NAMES, type AlgorithmName } from '../algorithms';
import { isCount, isEventType } from '../names';
import { isScope, type Scope } from '../scope';
import { SIGNING_DURATION_MS } from '../timing';
import { MAX_JWS_LENGTH } from '../jws/compact';
import type { EncodedSignature } from '../jws/signature';
import type { Statement } from '../jws/statement';
import { STATEMENT_TYPES, type StatementType } from '../jws/statement-types';
import { ENVELOPES_PER_REQUEST } from '../request-batches';
import { IsBatch, IsEventType, IsKeyId, IsReadies, IsScope } from './constraints';

/**
 * A request to sign. `duration_ms` is the caller's time-out as a duration: the signer signs only if its lease outlives
 * it from now, and the caller drops what comes later than that after it asked.
 */
class TimedRequest {
  @IsInt()
  @Min(1)
  @Max(60_000)
  duration_ms: number;
}

/** For a signature that somebody accepts: see SIGNING_DURATION_MS. */
export class TimedSigning extends TimedRequest {
  @Max(SIGNING_DURATION_MS)
  override duration_ms: number;

  @IsScope()
  scope: Scope;
}

/** Names the epoch to sign at: a signer at another one signs nothing and answers ABORTED with its own. */
class SigningRequest extends TimedSigning {
  @IsInt()
  @Min(1)
  epoch: number;
}

/**
 * What a statement is to say beside what the signer knows of the rings itself (head, public halves, `next`): it makes only
 * the one that follows the ring of `scope` as it was shown to it, at `epoch` − 1. Asked at the signers of the authority's
 * scope: the ring's own, or `platform`, at `authority_epoch` of that ring.
 */
export class StatementRequest extends TimedRequest {
  @IsScope()
  scope: Scope;

  /** Of the statement: the next one. */
  @IsInt()
  @Min(1)
  epoch: number;

  @IsIn(Object.keys(STATEMENT_TYPES))
  type: StatementType;

  @IsInt()
  @Min(1)
  authority_epoch: number;

  /** The one that was active before or, where that stays, the one that goes; none of a first key. */
  @IsOptional()
  @IsKeyId()
  old_key_id?: string;

  /** The one that is active afterwards; of a stage the staged one. */
  @IsKeyId()
  new_key_id: string;

  @IsString()
  opened_at: string;

  /** Of a rotation. */
  @IsOptional()
  @IsString()
  closes_at?: string;

  /** Until when verifiers may take the key of the two that does not stay. */
  @IsOptional()
  @IsString()
  transition_expires?: string;
}

/** A statement about keys that the ring holds already; of an import, about one that no signer has. */
export class MakeStatement extends StatementRequest {
  /** Of an import: the public half of `new_key_id`, and its algorithm. */
  @IsOptional()
  @IsString()
  @MaxLength(1_024)
  imported_public_key?: string;

  @IsOptional()
  @IsIn(PUBLIC_ALGORITHM_NAMES)
  imported_algorithm?: AlgorithmName;
}

export interface MakeStatementReply {
  /** General JWS as JSON text. */
  statement: string;
  statement_hash: string;
  /** The hash of the key made ahead that it commits to. */
  next: string | null;
}

/**
 * Makes the key `new_key_id` of `scope` first (asked again: the same key), or brings in the one that the ring's head commits
 * to, and where the ring commits to keys the one after it.
 */
export class GenerateKey extends StatementRequest {
  /** What the ring's kind fixes. */
  @IsIn(Object.keys(ALGORITHMS))
  algorithm: AlgorithmName;
}

export interface GenerateKeyReply {
  /** As its algorithm writes it. null of a key without a public half, of which no statement can speak. */
  public_key: string | null;
  /** Of such a key alone. */
  check_value?: string;
  statement: string | null;
  statement_hash: string | null;
  next: string | null;
}

/**
 * For a statement of the platform's ring whose authority is a recovery key, which no signer has: what signers can do for
 * it. Asked of any signer, since the platform's own key may be lost. With `algorithm` the key `new_key_id` is made first.
 */
export class PrepareStatement extends StatementRequest {
  @IsOptional()
  @IsIn(Object.keys(ALGORITHMS))
  algorithm?: AlgorithmName;
}

export interface PrepareStatementReply {
  statement: Statement;
  /** The new key's signature over exactly that statement, where it comes in by it. */
  possession: EncodedSignature | null;
}

/** Asked of one holder: load the prepared key and sign and check a test by it. */
export class LoadKey extends TimedRequest {
  @IsScope()
  scope: Scope;

  @IsKeyId()
  key_id: string;

  @ValidateIf(({ public_key }: LoadKey) => public_key !== null)
  @IsString()
  public_key: string | null;

  /** What proves a key that has no public half. */
  @IsOptional()
  @Matches(/^[A-Za-z0-9+/]{43}=$/)
  check_value?: string;
}

export class DestroyKey {
  @IsScope()
  scope: Scope;

  @IsKeyId()
  key_id: string;
}

/** Every private half that was ever made for a scope whose ring is removed, prepared ones too. */
export class DestroyRing {
  @IsScope()
  scope: Scope;
}

/** Keys made ahead that no head commits to any more. */
export class ForgetAhead {
  @IsScope()
  scope: Scope;

  /** What heads commit to: these stay, however old they are. */
  @ArrayMaxSize(2)
  @Matches(/^[A-Za-z0-9_-]{43}$/, { each: true })
  kept: string[];

  /** A key of the ring: the first copy of it goes, whatever its age. */
  @IsOptional()
  @IsKeyId()
  introduced?: string;

  /** The others go where they were made before. */
  @IsISO8601({ strict: true })
  prepared_before: string;
}

/** A key that was made and that no ring took. One that was asked for after `prepared_before` stays. */
export class ForgetKey extends DestroyKey {
  @IsISO8601({ strict: true })
  prepared_before: string;
}

/** What every envelope has, whoever builds its payload. */
export class EnvelopeRequest extends SigningRequest {
  @IsString()
  @MaxLength(200)
  event_id: string;

  @IsString()
  issued_at: string;

  @IsString()
  @MaxLength(100)
  nonce: string;
}

/** `event_type` must not be a reserved one: those are built by the signer itself (Announce). */
export class SignEnvelope extends EnvelopeRequest {
  @IsEventType()
  event_type: string;

  /** JSON text, or null for no payload. */
  @IsOptional()
  @IsString()
  payload?: string | null;
}

const MEMBERS_OF_USUAL = 8;

/**
 * Whether it is one as relays send them: every member there, and no other, each as its rules want it. Asked thousands of
 * times a second, where going through the rules takes eight times as long. They decide of whatever is not so.
 */
export function isUsualSignEnvelope(body: object): body is SignEnvelope {
  const { duration_ms, scope, epoch, event_id, issued_at, nonce, event_type, payload } = body as Record<
    string,
    unknown
  >;
  return (
    isCount(duration_ms, 1) &&
    duration_ms <= SIGNING_DURATION_MS &&
    isScope(scope) &&
    isCount(epoch, 1) &&
    typeof event_id === 'string' &&
    event_id.length <= 200 &&
    typeof issued_at === 'string' &&
    typeof nonce === 'string' &&
    nonce.length <= 100 &&
    isEventType(event_type) &&
    (payload === null || typeof payload === 'string') &&
    Object.keys(body).length === MEMBERS_OF_USUAL
  );
}

/** Carries no payload: the signer builds it from its own ring. Signed with `key_id` if that is active or retiring. */
export class Announce extends EnvelopeRequest {
  /** `platform_key_rotated` tells a Domain's Nodes of the platform ring, the other one of `scope`'s own. */
  @IsIn(['signing_key_rotated', 'platform_key_rotated'])
  event_type: 'signing_key_rotated' | 'platform_key_rotated';

  @IsKeyId()
  key_id: string;
}

export interface EnvelopeReply {
  /** The exact wire text. */
  envelope: string;
  key_id: string;
}

/** Of one request: what each envelope has of its own. */
export interface BatchedEnvelope {
  /** Must not be a reserved one. */
  event_type: string;
  event_id: string;
  /** JSON text, or null for no payload. */
  payload: string | null;
  nonce: string;
}

/** Many envelopes in one request, by the active key of `scope` at `epoch`: all of them, or none. */
export class SignBatch extends SigningRequest {
  @IsBatch(ENVELOPES_PER_REQUEST)
  envelopes: BatchedEnvelope[];

  @IsString()
  issued_at: string;
}

export interface SignBatchReply {
  /** The exact wire texts, in the order of the request. */
  envelopes: string[];
  key_id: string;
}

export interface ReadyFields {
  node_id: string;
  hello_id: string;
  platform_epoch: number;
  resumes_after: number;
  last_position: number;
  /** `<node_id>/<uuid>`, so that no other Node takes it. */
  event_id: string;
  nonce: string;
}

/** Of one request: a signature each, and the request stays below 128 KiB. */
export const READIES_PER_REQUEST = 256;

/** One `stream_ready` a Node, signed by the active key of `scope` at `epoch`; the payload is built from these fields. */
export class SignReady extends SigningRequest {
  @IsReadies(READIES_PER_REQUEST)
  readies: ReadyFields[];

  @IsString()
  issued_at: string;
}

export interface SignReadyReply {
  /** The exact wire texts, in the order of `readies`. */
  envelopes: string[];
  key_id: string;
}

/** Asked at the signers of `platform`: the platform key signs it. `epoch` is that of `scope`. */
export class SignBundle extends SigningRequest {
  @IsInt()
  @Min(1)
  platform_epoch: number;
}

export interface SignBundleReply {
  bundle: string;
}

/** A person may leave the epoch out: the signer signs at its own. */
export class SignJws extends TimedSigning {
  @IsOptional()
  @IsInt()
  @Min(1)
  epoch?: number;

  @IsObject()
  payload: Record<string, unknown>;
}

export class VerifyJws extends TimedSigning {
  @IsString()
  @MaxLength(MAX_JWS_LENGTH)
  jws: string;
}
