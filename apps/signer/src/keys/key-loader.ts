import { Inject, Injectable } from '@nestjs/common';
import { NotLoadable } from '@plexsphere/lease-holder';
import { MaterialError } from '@plexsphere/material';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { isSameMac, type KeyView, type PrivateKey, type RingView, type Scope } from '@plexsphere/wire';
import { checkValueOf } from '../channels/secrets';
import { isOfMembers, keyInState, policyOf, type PrivateKeys } from '../sign/signing-ring';
import { Material } from './material';

/**
 * How long a prepared key waits in memory for the ring that takes it. Rotation commits at most 30 s after opened_at; a
 * ring that comes later loads the key again.
 */
const PREPARED_FOR_MS = 60_000;

/** Neither an envelope's text (no brace) nor a JWS input (blanks): even if it leaked it would be no signature of ours. */
const TEST_TEXT = Buffer.from('the signer tests its own key');

/** What a key is proven by: the public half, or where it has none the check value. */
type Shown = Pick<KeyView, 'public_key' | 'check_value'>;

/** Brings private halves from the database to memory, each proven to be the one that the ring shows. */
@Injectable()
export class KeyLoader {
  private readonly prepared = new Map<string, { privateKey: PrivateKey; forget: NodeJS.Timeout }>();

  constructor(
    private readonly material: Material,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * The private halves of the keys that may sign in this ring, and of those that members are given. Those in `held` are not
   * read again, so that a switch needs no database.
   * @throws NotLoadable where the active one fails. Any other that does is gone without: what it would announce, others
   * prove by statements; and no member is told anything in which it is missing
   */
  async loadRing(ring: RingView, held: ReadonlyMap<string, PrivateKey>): Promise<PrivateKeys> {
    const active = keyInState(ring, 'active');
    if (active === undefined) throw new NotLoadable(undefined, 'no_active_key');
    const [signs, ...others] = await Promise.all([
      this.privateHalf(ring, active, held),
      ...ring.keys.filter(besidesActive(ring)).map(async (key) => {
        const privateKey = await this.privateHalf(ring, key, held).catch(this.goesWithout(ring));
        return [key.key_id, privateKey] as const;
      }),
    ]);
    const keys: PrivateKeys = new Map([[active.key_id, signs]]);
    for (const [keyId, privateKey] of others) if (privateKey !== undefined) keys.set(keyId, privateKey);
    return keys;
  }

  private goesWithout =
    ({ scope, epoch }: RingView) =>
    (error: unknown): undefined => {
      if (!(error instanceof NotLoadable)) throw error;
      const { keyId: kid, reason, cause: err } = error;
      this.logger.warn(
        { scope, kid, epoch, reason, err },
        'key beside the active one not loaded, nobody is told by it here',
      );
    };

  /**
   * Loads the key that the next ring may bring, always from the database: that is what is to be tried.
   * @throws NotLoadable
   */
  async prepare(scope: Scope, keyId: string, shown: Shown): Promise<void> {
    const privateKey = await this.read(scope, keyId);
    await proveKey(scope, keyId, privateKey, shown);
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
    { key_id: keyId, ...shown }: KeyView,
    held: ReadonlyMap<string, PrivateKey>,
  ): Promise<PrivateKey> {
    const inMemory = held.get(keyId) ?? this.prepared.get(nameOf(scope, keyId))?.privateKey;
    const privateKey = inMemory ?? (await this.read(scope, keyId));
    await proveKey(scope, keyId, privateKey, shown);
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

/** Beside the active one: where there are Nodes to be told of it the retiring one, which still announces; of members all. */
function besidesActive(ring: RingView): (key: KeyView) => boolean {
  if (isOfMembers(ring)) return ({ state }) => state === 'staged' || state === 'retiring';
  const announces = policyOf(ring).tells.ownNodes === null ? undefined : keyInState(ring, 'retiring');
  return (key) => key === announces;
}

/** Signs and verifies a test: a key that is not the one in the ring must never sign under its name. */
async function proveKey(scope: Scope, keyId: string, privateKey: PrivateKey, shown: Shown): Promise<void> {
  if (!isThatOne(scope, keyId, privateKey, shown) || !privateKey.verify(TEST_TEXT, await privateKey.sign(TEST_TEXT)))
    throw new NotLoadable(keyId, 'public_key_mismatch');
}

/** Who shares a secret has its check value alone to tell it by: without one nothing says which secret is meant. */
const isThatOne = (
  scope: Scope,
  keyId: string,
  privateKey: PrivateKey,
  { public_key: publicKey, check_value: said }: Shown,
): boolean =>
  privateKey.publicKey === null
    ? publicKey === null && said !== undefined && isSameMac(said, checkValueOf(scope, keyId, privateKey))
    : publicKey === privateKey.publicKey.text;

const nameOf = (scope: Scope, keyId: string): string => `${scope} ${keyId}`;
