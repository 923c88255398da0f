import { Inject, Injectable } from '@nestjs/common';
import { LeaseTable } from '@plexsphere/lease-holder';
import { MaterialError, destroyKey, destroyKeysOf, forgetPreparedKey, type SigningKey } from '@plexsphere/material';
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
   * @throws Problem keyIdInUse where its private half was destroyed or is of another algorithm, keyUnavailable where it
   * does not open
   */
  async make(scope: Scope, keyId: string, algorithm: AlgorithmName): Promise<SigningKey> {
    try {
      return await this.material.make(scope, keyId, algorithm);
    } catch (error) {
      if (!(error instanceof MaterialError)) throw error;
      if (error.code === 'key_destroyed' || error.code === 'other_algorithm') throw problem('keyIdInUse');
      this.logger.error({ scope, kid: keyId, reason: error.code }, 'key not loadable');
      throw problem('keyUnavailable');
    }
  }

  /**
   * Destroys the private half, here at once and for good in the database. Twice is fine.
   * @throws Problem invariantViolation, field `key_id`, for the key that signs: rotation never asks for that
   */
  async destroy(scope: Scope, keyId: string): Promise<void> {
    const ring = this.table.ring(scope);
    if (ring !== undefined && keyInState(ring.view, 'active')?.key_id === keyId) {
      throw problem('invariantViolation', { field: 'key_id' });
    }
    await destroyKey(this.material.database, { scope, keyId });
    ring?.loaded.delete(keyId);
    this.loader.forgetPrepared(scope, keyId);
    this.logger.info({ scope, kid: keyId }, 'key destroyed');
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
}
