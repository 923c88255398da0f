import { ALGORITHMS, PUBLIC_ALGORITHM_NAMES, type Algorithm, type AlgorithmName } from '@plexsphere/wire';
import type { ClientKey } from '@plexsphere/wire/commands';
import {
  decodeJwt,
  decodeProtectedHeader,
  importSPKI,
  jwtVerify,
  type CryptoKey,
  type JWTPayload,
  type ProtectedHeaderParameters,
} from 'jose';

/** How long an assertion may last at the most, and how far the client's clock may be from ours: both in seconds. */
export const LONGEST_ASSERTION_S = 300;
const CLOCK_SKEW_S = 30;

/** An RSA signature of 4,096 bits, and a page of claims. Nothing longer is looked at. */
const MOST_CHARACTERS = 8_192;

/** Header parameters that would have us take a key from the message (RFC 7515, section 4.1), or that we do not know. */
const FOREIGN = ['jwk', 'jku', 'x5c', 'x5u', 'x5t', 'x5t#S256', 'crit', 'b64'];

/** Whom an assertion says that it speaks for: nothing of it is believed yet. undefined where it is none. */
export function subjectOf(assertion: string): string | undefined {
  if (assertion.length > MOST_CHARACTERS) return undefined;
  try {
    // A stranger wrote it: in JSON it may be anything.
    const { sub } = decodeJwt<{ sub?: unknown }>(assertion);
    return typeof sub === 'string' ? sub : undefined;
  } catch {
    return undefined;
  }
}

export interface GoodAssertion {
  jti: string;
  expiresAt: Date;
}

/**
 * RFC 7523, section 3, as tight as it may be: one audience, which is the issuer; the client speaks for itself alone; a time
 * that ends soon; an id by which it is used once. By the key that its `kid` names, and by that key's own algorithm; without
 * one by the only key that the client has.
 *
 * Returns undefined for anything else: a client hears no more than that it is not the one.
 */
export async function goodAssertion(
  assertion: string,
  client: { clientId: string; keys: readonly ClientKey[] },
  issuer: string,
  now: Date,
): Promise<GoodAssertion | undefined> {
  if (assertion.length > MOST_CHARACTERS) return undefined;
  try {
    const header = decodeProtectedHeader(assertion);
    if (FOREIGN.some((name) => name in header)) return undefined;
    const own = keyOf(client.keys, header);
    const key = own ?? (await nobodysKey(header));
    if (key === undefined) return undefined;
    const { alg } = ALGORITHMS[key.algorithm];
    const { payload } = await jwtVerify(assertion, await publicKeyOf(key), {
      algorithms: [alg],
      ...{ issuer: client.clientId, subject: client.clientId, audience: issuer },
      ...{ requiredClaims: ['exp', 'jti'], clockTolerance: CLOCK_SKEW_S, currentDate: now },
    });
    return own !== undefined && isOfOneUse(payload, issuer, now)
      ? { jti: payload.jti, expiresAt: lastUse(payload.exp) }
      : undefined;
  } catch {
    return undefined;
  }
}

function keyOf(keys: readonly ClientKey[], { kid, alg }: ProtectedHeaderParameters): ClientKey | undefined {
  const named = kid === undefined ? (keys.length === 1 ? keys : []) : keys.filter(({ key_id }) => key_id === kid);
  return named.find(({ algorithm }) => ALGORITHMS[algorithm].alg === alg);
}

/** Parsed once, and at each use: nothing is kept of a key that may be taken away; and of nobody's neither, which would tell. */
function publicKeyOf({ algorithm, public_key }: ClientKey): Promise<CryptoKey> {
  const { alg, spki }: Algorithm = ALGORITHMS[algorithm];
  const pem = spki?.(public_key).toString('base64') ?? '';
  return importSPKI(`-----BEGIN PUBLIC KEY-----\n${pem}\n-----END PUBLIC KEY-----`, alg);
}

/** One of each algorithm, whose private half is nowhere. */
const nobodys = new Map<AlgorithmName, Promise<ClientKey | undefined>>();

/**
 * What is tried where there is nothing to try, so that it takes as long: nobody is to tell by the time which clients there
 * are, and which keys they have.
 */
function nobodysKey({ alg }: ProtectedHeaderParameters): Promise<ClientKey | undefined> | undefined {
  const algorithm = PUBLIC_ALGORITHM_NAMES.find((name) => ALGORITHMS[name].alg === alg);
  if (algorithm === undefined) return undefined;
  const made = nobodys.get(algorithm) ?? makeNobodys(algorithm);
  nobodys.set(algorithm, made);
  return made;
}

async function makeNobodys(algorithm: AlgorithmName): Promise<ClientKey | undefined> {
  const { publicKey } = await ALGORITHMS[algorithm].generate();
  return publicKey === null ? undefined : { key_id: 'nobody', algorithm, public_key: publicKey.text };
}

/** Anything that the database takes as a text. */
const ID = /^[^\0]{1,256}$/;

type OfOneUse = JWTPayload & { jti: string; exp: number };

function isOfOneUse(payload: JWTPayload, issuer: string, now: Date): payload is OfOneUse {
  const { aud, jti, exp = Infinity } = payload;
  // An assertion for several would be one that any of them could show here.
  const isForUsAlone = aud === issuer;
  const isShort = exp - now.getTime() / 1_000 <= LONGEST_ASSERTION_S + CLOCK_SKEW_S;
  return isForUsAlone && isShort && typeof jti === 'string' && ID.test(jti);
}

/** Until when it would be taken: so long its use is remembered. */
const lastUse = (exp: number): Date => new Date((exp + CLOCK_SKEW_S) * 1_000);
