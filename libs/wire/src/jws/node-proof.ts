/**
 * What a Node says of its own key: a JWS that proves itself, by the very key that it is about (`kid` is its public half, an
 * nkey), so that a Node whose token has expired still has a word. A kind of its own for each thing that can be asked for
 * (RFC 8725, section 3.11), and an end: a minute by the server's clock.
 */
import { createHash } from 'node:crypto';
import { ALGORITHMS } from '../algorithms';
import { secretFromSeed } from '../ed25519';
import { isCount, isUuid } from '../names';
import { decodeBusPublicKey, decodeBusSeed, encodeBusPublicKey } from '../nkey';
import { signCompact, splitCompact } from './compact';
import { decodeObject, hasExactly, isObject, type JsonObject } from './encoding';
import { JwsError } from './jws-error';
import { verifySignature, type JwsType, type SigningKey } from './signature';

/** Seconds, by the server's clock, for which a Node makes a proof; a later end is refused as well as one that has passed. */
export const PROOF_LIFE_S = 60;

/** In characters. Looked at before anything is parsed. */
export const MAX_PROOF_LENGTH = 4_096;

interface Common {
  /** The account of the bus (nkey, `A…`), which stands in the Node's token as `iss`; of an enrolment the token's SHA-256, hex. */
  aud: string;
  /** Seconds since 1970. */
  exp: number;
}

interface OfNode extends Common {
  node_id: string;
}

interface OfGeneration extends OfNode {
  /** How often the Node's key has changed, as it was when this one was made: 0 of one that `node add` was given. */
  generation: number;
}

interface OfChange extends OfGeneration {
  /** Public halves (nkey, `U…`). */
  old_key: string;
  new_key: string;
}

/** SHA-256 of the token (the bus user JWT), hex. */
interface OfToken extends OfGeneration {
  token_hash: string;
}

/** What each kind says. */
export interface ProofClaims {
  enroll: Common & { name: string };
  /** `failed`: why the Node could not do what the fleet run had it asked for; null where it says nothing of the kind. */
  ask: OfNode & { failed: { run: string; reason: string } | null };
  /** By the old key, around what the new one says (RFC 8555, section 7.3.5). */
  'key-change': OfChange & { possession: string };
  'key-possession': OfChange;
  /** The Node works by this token: what was before it may end. */
  'key-confirm': OfToken;
  /** The token that the Node holds; and whether a newer one is to replace it, or to stand beside it. */
  token: OfToken & { replace: boolean };
  logout: OfGeneration;
}
export type ProofKind = keyof ProofClaims;

const isText = (value: unknown): boolean => typeof value === 'string' && value.length <= MAX_PROOF_LENGTH;
const isUserKey = (value: unknown): boolean =>
  typeof value === 'string' && decodeBusPublicKey('user', value) !== undefined;
const isHash = (value: unknown): boolean => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
const isFailed = (value: unknown): boolean => {
  if (value === null) return true;
  if (!isObject(value)) return false;
  const { run, reason, ...others } = value;
  return isUuid(run) && typeof reason === 'string' && /^[a-z_]{1,32}$/.test(reason) && Object.keys(others).length === 0;
};
const COMMON = { aud: isText, exp: (value: unknown) => isCount(value, 1) };
const OF_NODE = { ...COMMON, node_id: isUuid };
const OF_GENERATION = { ...OF_NODE, generation: (value: unknown) => isCount(value) };
const OF_CHANGE = { ...OF_GENERATION, old_key: isUserKey, new_key: isUserKey };
const OF_TOKEN = { ...OF_GENERATION, token_hash: isHash };
/** Of each kind exactly these members, each of this form. */
const MEMBERS: { [Kind in ProofKind]: Record<keyof ProofClaims[Kind], (value: unknown) => boolean> } = {
  enroll: { ...COMMON, name: isText },
  ask: { ...OF_NODE, failed: isFailed },
  'key-change': { ...OF_CHANGE, possession: isText },
  'key-possession': OF_CHANGE,
  'key-confirm': OF_TOKEN,
  token: { ...OF_TOKEN, replace: (value) => typeof value === 'boolean' },
  logout: OF_GENERATION,
};

/** A Node key that signs. Never crosses the wire. */
export type NodeKey = SigningKey;

/** From the seed of a bus credential (nkey, `SU…`); undefined for any other text. */
export function nodeKeyOf(seed: string): NodeKey | undefined {
  const raw = decodeBusSeed('user', seed);
  if (raw === undefined) return undefined;
  const privateKey = ALGORITHMS.Ed25519.load(secretFromSeed(raw));
  const publicKey = Buffer.from(privateKey.publicKey?.text ?? '', 'base64');
  return { keyId: encodeBusPublicKey('user', publicKey), privateKey };
}

export const signProof = <Kind extends ProofKind>(
  kind: Kind,
  claims: ProofClaims[Kind],
  key: NodeKey,
): Promise<string> => signCompact(typeOf(kind), claims, key);

/** The old key's word around the new key's. */
export async function signKeyChange(
  claims: Omit<ProofClaims['key-change'], 'possession' | 'old_key' | 'new_key'>,
  keys: { old: NodeKey; new: NodeKey },
): Promise<string> {
  const change = { ...claims, old_key: keys.old.keyId, new_key: keys.new.keyId };
  return signProof(
    'key-change',
    { ...change, possession: await signProof('key-possession', change, keys.new) },
    keys.old,
  );
}

export interface ReadProof<Kind extends ProofKind> {
  kind: Kind;
  /** By whose key it is (nkey, `U…`). Whether that is the Node's is not known here. */
  publicKey: string;
  claims: ProofClaims[Kind];
  /** SHA-256 of the text, hex: which request it is. */
  hash: string;
}

/**
 * One of these kinds, by the key that it names. Its end is not looked at, nor whose key that is: whoever knows both does.
 * Throws JwsError `malformed`, `wrong_type`, `signature_invalid`; of a key change `proofs_disagree` too.
 */
export function readProof<Kind extends ProofKind>(kinds: readonly Kind[], text: string): ReadProof<Kind> {
  if (text.length > MAX_PROOF_LENGTH) throw new JwsError('malformed');
  const kind = kinds.find((each) => hasType(each, text));
  if (kind === undefined) throw new JwsError('wrong_type');
  const { signature, payload } = splitCompact(typeOf(kind), text);
  const raw = decodeBusPublicKey('user', signature.keyId);
  const publicKey = ALGORITHMS.Ed25519.read?.(raw?.toString('base64'));
  if (publicKey === undefined) throw new JwsError('malformed');
  verifySignature(signature, publicKey);
  const claims = claimsOf(kind, decodeObject(payload));
  const read = { kind, publicKey: signature.keyId, claims, hash: createHash('sha256').update(text).digest('hex') };
  if (kind === 'key-change') requireBoth(read as unknown as ReadProof<'key-change'>);
  return read;
}

/** The inner one proves that whoever asks has the new key, and says the same in every member. */
function requireBoth({ publicKey, claims }: ReadProof<'key-change'>): void {
  const { possession, ...said } = claims;
  const inner = readProof(['key-possession'], possession);
  const agree = Object.entries(said).every(([name, value]) => inner.claims[name as keyof typeof said] === value);
  if (!agree || publicKey !== said.old_key || inner.publicKey !== said.new_key || said.old_key === said.new_key) {
    throw new JwsError('proofs_disagree');
  }
}

const typeOf = (kind: ProofKind): JwsType => `plexsphere-node-${kind}+jws`;

function hasType(kind: ProofKind, text: string): boolean {
  return decodeObject(text.split('.', 1)[0])['typ'] === typeOf(kind);
}

function claimsOf<Kind extends ProofKind>(kind: Kind, payload: JsonObject): ProofClaims[Kind] {
  const members = Object.entries<(value: unknown) => boolean>(MEMBERS[kind]);
  const names = members.map(([name]) => name);
  if (!hasExactly(payload, names) || !members.every(([name, accepts]) => accepts(payload[name]))) {
    throw new JwsError('malformed');
  }
  return payload as unknown as ProofClaims[Kind];
}
