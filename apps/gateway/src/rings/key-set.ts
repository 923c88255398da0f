import { createHash } from 'node:crypto';
import { scopePolicy, trustedKeys } from '@plexsphere/keyring';
import { publicKeyFromText, scopeKind, type KeyView, type Scope } from '@plexsphere/wire';
import { jwks, type TokenKey } from '@plexsphere/wire/jws';

/** A JWK Set as it is served: the same to the byte for as long as the same keys verify. */
export interface ServedKeySet {
  text: string;
  /** Of the text, in bytes. */
  length: number;
  /** RFC 9110, section 8.8.3: a strong one. */
  etag: string;
  /** When one of its keys verifies no more, if nothing changes before: later nobody may show it. */
  changesAt: Date | null;
}

/** The key set of one ring. What verifies changes by time alone, too, so it is made when it is asked for, and kept until then. */
export class KeySet {
  private served: ServedKeySet | undefined;
  /** Made where it is asked for, which most key sets are not. */
  private verifies: { for: ServedKeySet; keys: readonly TokenKey[] } | undefined;
  private readonly keys: (KeyView & { verifiesUntil: Date | null })[];

  constructor(
    private readonly scope: Scope,
    keys: readonly KeyView[],
  ) {
    this.keys = keys.map((key) => ({
      ...key,
      verifiesUntil: key.verifies_until === null ? null : new Date(key.verifies_until),
    }));
  }

  at(now: Date): ServedKeySet {
    const { changesAt } = this.served ?? { changesAt: now };
    if (this.served !== undefined && (changesAt === null || now < changesAt)) return this.served;
    this.served = this.made(now);
    return this.served;
  }

  /** The same keys, to verify by here. */
  verifying(now: Date): readonly TokenKey[] {
    const served = this.at(now);
    if (this.verifies?.for !== served) this.verifies = { for: served, keys: this.trusted(now).flatMap(verifyingKey) };
    return this.verifies.keys;
  }

  private trusted(now: Date) {
    return trustedKeys(this.keys, scopePolicy(scopeKind(this.scope)), now);
  }

  private made(now: Date): ServedKeySet {
    const trusted = this.trusted(now);
    const text = JSON.stringify(jwks(trusted));
    const ends = trusted.flatMap(({ verifiesUntil }) => (verifiesUntil === null ? [] : [verifiesUntil.getTime()]));
    return {
      text,
      length: Buffer.byteLength(text),
      etag: `"${createHash('sha256').update(text).digest('base64url')}"`,
      changesAt: ends.length === 0 ? null : new Date(Math.min(...ends)),
    };
  }
}

/** It verifies strictly before its end, and the set is asked for anew by then. */
const verifyingKey = ({ key_id: keyId, algorithm, public_key, foreign }: KeyView): TokenKey[] =>
  public_key === null ? [] : [{ keyId, publicKey: publicKeyFromText(public_key, algorithm), foreign }];
