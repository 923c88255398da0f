import { Inject, Injectable } from '@nestjs/common';
import { LeaseTable } from '@plexsphere/lease-holder';
import {
  MaterialError,
  destroyKey,
  destroyKeysOf,
  forgetKeysAhead,
  forgetPreparedKey,
  publicHalf,
  type Overtaken,
  type SigningKey,
} from '@plexsphere/material';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { problem, type AlgorithmName, type Scope } from '@plexsphere/wire';
import { keyInState, type PrivateKeys } from '../sign/signing-ring';
import { KeyLoader } from './key-loader';
import { Material } from './material';

/** The beginning and the end of a private key. */
@Injectable()
export class KeyMaker {
  constructor(
    private readonly material: Material,
    private readonly table: LeaseTable<PrivateKeys>,
    private readonly loader: KeyLoader,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * The key of that name: made, wrapped and persisted, or the same as before.
   * @throws Problem keyIdInUse where its private half was destroyed or is of another algorithm, and until `free_at` where
   * another attempt made another key of that name; keyUnavailable where it does not open
   */
  make(scope: Scope, keyId: string, algorithm: AlgorithmName): Promise<SigningKey> {
    return this.orProblem({ scope, keyId }, this.material.make(scope, keyId, algorithm));
  }

  /**
   * The key that the ring's head commits to, under that name.
   * @throws Problem nextKeyUnavailable where it does not open; otherwise as `make`
   */
  introduce(scope: Scope, keyId: string, hash: string | null): Promise<SigningKey> {
    if (hash === null) throw problem('nextKeyUnavailable');
    return this.orProblem({ scope, keyId }, this.material.introduce(scope, keyId, hash));
  }

  /** A key for which there is no name yet; its hash. @throws Problem keyUnavailable */
  makeAhead(scope: Scope, algorithm: AlgorithmName): Promise<string> {
    return this.orProblem({ scope, keyId: null }, this.material.makeAhead(scope, algorithm));
  }

  /**
   * Destroys the private half, here at once and for good in the database. Twice is fine.
   * @throws Problem invariantViolation, field `key_id`, for the key that signs: rotation never asks for that
   */
  async destroy(scope: Scope, keyId: string): Promise<void> {
    const ring = this.table.ring(scope);
    const active = ring === undefined ? undefined : keyInState(ring.view, 'active');
    // By its name or by another: every copy of the key goes.
    const isActive =
      active?.key_id === keyId ||
      (typeof active?.public_key === 'string' &&
        active.public_key === (await publicHalf(this.material.database, { scope, keyId })));
    if (isActive) throw problem('invariantViolation', { field: 'key_id' });
    await destroyKey(this.material.database, { scope, keyId });
    ring?.loaded.delete(keyId);
    this.loader.forgetPrepared(scope, keyId);
    this.logger.info({ scope, kid: keyId }, 'key destroyed');
  }

  /** Deletes keys made ahead that nothing commits to: neither what rotation names, nor the ring's head as it is known here. */
  async forgetAhead(overtaken: Overtaken): Promise<void> {
    const { scope, kept } = overtaken;
    const own = this.table.seen(scope)?.next ?? null;
    await forgetKeysAhead(this.material.database, { ...overtaken, kept: own === null ? kept : [...kept, own] });
    this.logger.info({ scope, kept: kept.length }, 'keys made ahead forgotten');
  }

  /**
   * Destroys every private half that was ever made for a scope. Twice is fine.
   * @throws Problem invariantViolation, field `scope`, while its ring is held here: rotation waits until it is not
   */
  async destroyAll(scope: Scope): Promise<void> {
    if (this.table.ring(scope) !== undefined) throw problem('invariantViolation', { field: 'scope' });
    await destroyKeysOf(this.material.database, scope);
    this.logger.info({ scope }, 'keys of a removed ring destroyed');
  }

  /**
   * Deletes a key that was made and that no ring took, unless it was asked for after `before`.
   * @throws Problem invariantViolation, field `key_id`, for a key of the ring that is held here: rotation never asks that
   */
  async forgetPrepared(scope: Scope, keyId: string, before: Date): Promise<void> {
    const ring = this.table.ring(scope);
    if (ring?.view.keys.some((key) => key.key_id === keyId)) throw problem('invariantViolation', { field: 'key_id' });
    await forgetPreparedKey(this.material.database, { scope, keyId }, before);
    this.logger.info({ scope, kid: keyId }, 'prepared key forgotten');
  }

  private async orProblem<Made>(name: { scope: Scope; keyId: string | null }, making: Promise<Made>): Promise<Made> {
    try {
      return await making;
    } catch (error) {
      if (!(error instanceof MaterialError)) throw error;
      const { scope, keyId: kid } = name;
      const { free_at } = error.names;
      if (TAKEN.includes(error.code)) throw problem('keyIdInUse', { new_key_id: kid, ...(free_at && { free_at }) });
      this.logger.error({ scope, kid, reason: error.code, ...error.names }, 'key not loadable');
      throw problem(error.code === 'no_key_ahead' ? 'nextKeyUnavailable' : 'keyUnavailable');
    }
  }
}

/** Somebody else's, or one that was. */
const TAKEN: readonly string[] = ['key_destroyed', 'other_algorithm', 'other_key'];
