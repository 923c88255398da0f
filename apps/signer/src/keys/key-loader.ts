import { Inject, Injectable } from '@nestjs/common';
import { NotLoadable } from '@plexsphere/lease-holder';
import { MaterialError } from '@plexsphere/material';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import type { KeyView, PrivateKey, RingView, Scope } from '@plexsphere/wire';
import { keyInState, policyOf, type PrivateKeys } from '../sign/signing-ring';
import { Material } from './material';

/**
 * How long a prepared key waits in memory for the ring that takes it. Rotation commits at most 30 s after opened_at; a
 * ring that comes later loads the key again.
 */
const PREPARED_FOR_MS = 60_000;

/** Neither an envelope's text (no brace) nor a JWS input (blanks): even if it leaked it would be no signature of ours. */
const TEST_TEXT = Buffer.from('the signer tests its own key');

/** Brings private halves from the database to memory, each proven to match the public half that the ring shows. */
@Injectable()
export class KeyLoader {
  private readonly prepared = new Map<string, { privateKey: PrivateKey; forget: NodeJS.Timeout }>();

  constructor(
    private readonly material: Material,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * The private halves of the keys that may sign in this ring: the active one and, where there are Nodes to be told of it,
   * the retiring one, which still announces. Those in `held` are not read again, so that a switch needs no database.
   * @throws NotLoadable where the active one fails. A retiring one that does is gone without: what it would announce, others
   * prove by statements
   */
  async loadRing(ring: RingView, held: ReadonlyMap<string, PrivateKey>): Promise<PrivateKeys> {
    const active = keyInState(ring, 'active');
    const retiring = policyOf(ring).tells.ownNodes === null ? undefined : keyInState(ring, 'retiring');
    if (active === undefined) throw new NotLoadable(undefined, 'no_active_key');
    const [signs, announces] = await Promise.all([
      this.privateHalf(ring, active, held),
      retiring === undefined ? undefined : this.privateHalf(ring, retiring, held).catch(this.goesWithout(ring)),
    ]);
    const keys = new Map([[active.key_id, signs]]);
    if (retiring !== undefined && announces !== undefined) keys.set(retiring.key_id, announces);
    return keys;
  }

  private goesWithout =
    ({ scope, epoch }: RingView) =>
    (error: unknown): undefined => {
      if (!(error instanceof NotLoadable)) throw error;
      const { keyId: kid, reason, cause: err } = error;
      this.logger.warn({ scope, kid, epoch, reason, err }, 'retiring key not loaded, it announces nothing here');
    };

  /**
   * Loads the key that the next ring may bring, always from the database: that is what is to be tried.
   * @throws NotLoadable
   */
  async prepare(scope: Scope, keyId: string, publicKey: string | null): Promise<void> {
    const privateKey = await this.read(scope, keyId);
    await proveKey(keyId, privateKey, publicKey);
    this.forgetPrepared(scope, keyId);
    const forget = setTimeout(() => this.prepared.delete(nameOf(scope, keyId)), PREPARED_FOR_MS).unref();
    this.prepared.set(nameOf(scope, keyId), { privateKey, forget });
    this.logger.info({ scope, kid: keyId }, 'prepared key loaded');
  }

  forgetPrepared(scope: Scope, keyId: string): void {
    clearTimeout(this.prepared.get(nameOf(scope, keyId))?.forget);
    this.prepared.delete(nameOf(scope, keyId));
  }

  private async privateHalf(
    { scope, epoch }: RingView,
    { key_id: keyId, public_key: publicKey }: KeyView,
    held: ReadonlyMap<string, PrivateKey>,
  ): Promise<PrivateKey> {
    const inMemory = held.get(keyId) ?? this.prepared.get(nameOf(scope, keyId))?.privateKey;
    const privateKey = inMemory ?? (await this.read(scope, keyId));
    await proveKey(keyId, privateKey, publicKey);
    if (inMemory === undefined) this.logger.info({ scope, kid: keyId, epoch }, 'key loaded');
    return privateKey;
  }

  private async read(scope: Scope, keyId: string): Promise<PrivateKey> {
    try {
      return (await this.material.load(scope, keyId)).privateKey;
    } catch (cause) {
      throw new NotLoadable(keyId, cause instanceof MaterialError ? cause.code : 'database_unavailable', { cause });
    }
  }
}

/** Signs and verifies a test: a key that is not the one in the ring must never sign under its name. */
async function proveKey(keyId: string, privateKey: PrivateKey, publicKey: string | null): Promise<void> {
  const isThatOne = publicKey === (privateKey.publicKey?.text ?? null);
  if (!isThatOne || !privateKey.verify(TEST_TEXT, await privateKey.sign(TEST_TEXT)))
    throw new NotLoadable(keyId, 'public_key_mismatch');
}

const nameOf = (scope: Scope, keyId: string): string => `${scope} ${keyId}`;
