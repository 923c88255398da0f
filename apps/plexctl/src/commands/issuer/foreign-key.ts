import { isForeignKid, publicKeyFromJwk, type AlgorithmName } from '@plexsphere/wire';
import { misuse } from '../../failure';
import { parseObject } from '../../input';
import { readSmallFile } from '../../small-file';

const FLAG = 'jwk';

/** An RSA key of 4,096 bits, the longest name, and what else stands beside a key: a certificate's chain. */
const MOST_BYTES = 16_384;

export interface ForeignKeyFile {
  algorithm: AlgorithmName;
  public_key: string;
  /** Absent where its tokens name no key. */
  jwk_kid?: string;
}

/** The public key in the file of a JWK (RFC 7517). What is no public half never leaves this process. */
export function readForeignKey(path: string, { namesNone }: { namesNone: boolean }): ForeignKeyFile {
  const jwk = parseObject(readSmallFile(path, { flag: FLAG, mostBytes: MOST_BYTES }), FLAG);
  const wrong = WRONG.find(({ is }) => is(jwk));
  if (wrong !== undefined) throw refused(wrong.member(jwk), wrong.says, wrong.hint);
  const key = publicKeyFromJwk(jwk);
  if (key === undefined) throw refused(numbersOf(jwk), NO_GOOD_KEY, KEYS);
  const { algorithm, publicKey } = key;
  if (namesNone) return { algorithm, public_key: publicKey.text };
  const { kid } = jwk;
  if (kid === undefined) throw refused('kid', 'is not there', 'where the tokens name no key either: --no-kid');
  if (!isForeignKid(kid)) throw refused('kid', 'is no text of 1 to 512 characters that can be printed');
  return { algorithm, public_key: publicKey.text, jwk_kid: kid };
}

const refused = (member: string, says: string, hint?: string) =>
  misuse(`--${FLAG}: ${member} ${says}`, `${FLAG}.${member}`, hint);

interface Wrong {
  is: (jwk: Record<string, unknown>) => boolean;
  member: (jwk: Record<string, unknown>) => string;
  says: string;
  hint?: string;
}

/** RFC 7518, section 6: what only a private or a shared key has. */
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];
const privateIn = (jwk: Record<string, unknown>): string | undefined => PRIVATE.find((name) => name in jwk);

const TYPES: readonly unknown[] = ['EC', 'OKP', 'RSA'];
const CURVES: readonly unknown[] = ['P-256', 'Ed25519'];
const ALGS: readonly unknown[] = ['ES256', 'EdDSA', 'RS256', 'PS256'];
const KEYS = 'it takes ES256 (P-256), EdDSA (Ed25519), and RS256 or PS256 of 2,048 to 4,096 bits';
const NO_GOOD_KEY = 'makes no good key';

/** In this order: that a key is no public one goes before whatever else is wrong with it. */
const WRONG: readonly Wrong[] = [
  { is: (jwk) => jwk['kty'] === 'oct', member: () => 'kty', says: 'is of a shared secret', hint: KEYS },
  {
    is: (jwk) => privateIn(jwk) !== undefined,
    member: (jwk) => privateIn(jwk) ?? '',
    says: 'belongs to a private half, which nobody may be given',
    hint: 'give the public half alone; the file was not sent anywhere',
  },
  {
    is: (jwk) => 'keys' in jwk,
    member: () => 'keys',
    says: 'is of a key set, and this takes one key',
    hint: `take one out of it: jq '.keys[0]'`,
  },
  { is: ({ kty }) => !TYPES.includes(kty), member: () => 'kty', says: 'is of no such key', hint: KEYS },
  {
    is: ({ kty, crv }) => kty !== 'RSA' && !CURVES.includes(crv),
    member: () => 'crv',
    says: 'is another curve',
    hint: KEYS,
  },
  {
    is: ({ kty, alg }) => (alg === undefined ? kty === 'RSA' : !ALGS.includes(alg)),
    member: () => 'alg',
    says: 'does not say by which algorithm it signs',
    hint: 'an RSA key has to say RS256 or PS256: its tokens name it in their header',
  },
  { is: ({ use = 'sig' }) => use !== 'sig', member: () => 'use', says: 'is not sig' },
  {
    is: ({ key_ops: operations = ['verify'] }) => !Array.isArray(operations) || !operations.includes('verify'),
    member: () => 'key_ops',
    says: 'does not have verify',
  },
];

/** The member that is to blame where the numbers are no key of those that are taken: of an RSA key its size, as a rule. */
function numbersOf({ kty, alg, crv, e }: Record<string, unknown>): string {
  if (kty === 'RSA') return ['RS256', 'PS256'].includes(alg as string) ? (e === 'AQAB' ? 'n' : 'e') : 'alg';
  const isOfCurve = alg === undefined || alg === (kty === 'EC' ? 'ES256' : 'EdDSA');
  if (!isOfCurve) return 'alg';
  return (crv === 'P-256') === (kty === 'EC') ? 'x' : 'crv';
}
