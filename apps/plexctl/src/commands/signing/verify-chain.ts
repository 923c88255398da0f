import { PLATFORM, issuerSlug } from '@plexsphere/wire';
import { beginRings, endRings, JwsError, walkRings, type ChainAnchor, type RingsWalk } from '@plexsphere/wire/jws';
import { command } from '../../command';
import { Failure, misuse } from '../../failure';
import { readInput } from '../../input';
import { labelled, type Line } from '../../layout';
import { utc, type Result } from '../../render';
import { SCOPE_FLAG } from '../flag-definitions';
import { AT_FLAG, readAnchor, readParts, type Part } from './chain-input';
import { fetchChain } from './fetch-chain';

export const verifyChain = command({
  path: ['signing', 'verify-chain'],
  about: `Reads a chain message (JSON: platform_statements, statements, bundle; or an array of its parts) from --chain or from
    standard input, and walks it from --anchor: the enrolment file of a Node, or a trust bundle. Shows what a Node would
    hold after it, of both rings. Asks nobody.

    With --scope it asks the service for the statements after the anchor instead, and believes none of them unproven: of a
    Domain those of the platform too. A chain is public: a token of any scope will do. As JSON or YAML the answer holds what
    was walked, in \`chain\`: kept in a file, it can be walked again by --chain, by whoever does not trust the service.

    Exits 1 where a Node would refuse it, with one code a refusal: gap, fork, epoch_back, wrong_scope, revoked,
    signature_missing, signature_repeated, signature_swapped, signature_too_many, signature_invalid, foreign_authority,
    next_not_kept, bundle_stale, bundle_foreign, unknown_key, wrong_type, malformed. Each ring stands by itself: where the
    scope's own part is refused, the platform's may have been taken.

    Without a bundle the chain proves where the keys came from, and not that nothing came after.

    Of an issuer's ring there is no anchor: verifiers of its tokens go by the key set, which TLS vouches for.`,
  flags: {
    anchor: { value: 'file', summary: 'whom to trust first: an enrolment file, or a trust bundle', required: true },
    chain: { value: 'file', summary: 'the chain; without it, or with -, standard input' },
    scope: { ...SCOPE_FLAG, required: false, summary: 'ask the service for the chain of this scope' },
    at: AT_FLAG,
  },
  examples: [
    'plexctl signing verify-chain --anchor edge-7.node.json --chain chain.json',
    'plexctl signing verify-chain --anchor edge-7.node.json --scope platform',
    'plexctl signing verify-chain --anchor bundle.jws --chain chain.json --at 2026-05-01T12:00:00Z --output json',
  ],
  asks: 'bus',
  asksNobody: ({ scope }) => scope === undefined,

  check({ chain, scope }) {
    if (chain !== undefined && scope !== undefined) throw misuse('--chain and --scope exclude each other', 'scope');
    if (scope !== undefined && issuerSlug(scope) !== undefined) {
      throw misuse(`no anchor leads into ${scope}: bundles are of Nodes, and no Node holds its keys`, 'scope', KEY_SET);
    }
  },

  async run({ flags: { anchor, chain, scope, at }, bus, stdin, terminal }) {
    const held = readAnchor(anchor);
    if (scope !== undefined && scope !== held.scope) {
      throw misuse(`--anchor is of ${held.scope}`, 'scope', 'a chain leads on from an anchor of its own scope');
    }
    const parts =
      scope === undefined
        ? readParts(await readInput(chain, 'chain', stdin(), terminal))
        : [await orRefuse(() => fetchChain(bus, held))];
    const now = at === undefined ? new Date() : new Date(at);
    const taken = await orRefuse(() => walked(parts, beginRings(held), now));
    if (!taken.isWhole) terminal.note('no bundle: nothing says that no statement came after these');
    return resultOf(held.scope, parts, taken, scope !== undefined);
  },
});

const KEY_SET =
  'verifiers of its tokens go by its key set: plexctl signing jwks; what became of the ring: plexctl signing history';

interface Taken {
  platform: ChainAnchor;
  ring: ChainAnchor | JwsError;
  recoveryPublicKey: string;
  isWhole: boolean;
}

async function walked(parts: readonly Part[], begun: RingsWalk, now: Date): Promise<Taken> {
  const walk = parts.reduce(walkRings, begun);
  const bundle = parts.at(-1)?.bundle;
  if (bundle !== undefined) return { ...(await endRings(walk, bundle, now)), isWhole: true };
  const { platform, ring } = walk;
  const walks = ring === null || ring instanceof JwsError ? [platform] : [platform, ring];
  // What would have to be proven by what comes after: the bundle that is missing, too.
  if (walks.some(({ loose, isReplaced }) => loose.length > 0 || isReplaced)) throw new JwsError('gap');
  return {
    platform: platform.anchor,
    ring: ring === null ? platform.anchor : ring instanceof JwsError ? ring : ring.anchor,
    recoveryPublicKey: platform.recoveryKey ?? '',
    isWhole: false,
  };
}

async function orRefuse<T>(walk: () => Promise<T>): Promise<T> {
  try {
    return await walk();
  } catch (error) {
    throw error instanceof JwsError ? refused(error.code) : error;
  }
}

const refused = (code: string, ring?: string): Failure =>
  new Failure(1, `chain refused: ${code}`, { refusal: code, ...(ring === undefined ? {} : { ring }) }, HINT);

const HINT = 'docs/chain.md says of each code what it is for';

function resultOf(
  scope: string,
  parts: readonly Part[],
  { platform, ring, recoveryPublicKey, isWhole }: Taken,
  wasAsked: boolean,
): Result {
  const isRefused = ring instanceof JwsError;
  const count = parts.reduce((sum, part) => sum + part.platformStatements.length + part.statements.length, 0);
  const own = scope === PLATFORM || isRefused ? [] : ringLines(scope, ring);
  return {
    text: labelled([
      { label: 'statements', text: String(count) },
      ...own,
      ...ringLines(PLATFORM, platform),
      { label: 'recovery', text: recoveryPublicKey },
      { label: 'bundle', text: isWhole ? 'names these heads' : 'none' },
    ]).join('\n'),
    document: {
      ...{ scope, statements: count, confirmed: isWhole, refusal: isRefused ? ring.code : null },
      ring: isRefused ? null : ringDocument(ring),
      platform: ringDocument(platform),
      recovery_public_key: recoveryPublicKey,
      ...(wasAsked ? { chain: parts.map(chainOf) } : {}),
    },
    ...(isRefused ? { failure: refused(ring.code, scope) } : {}),
  };
}

const chainOf = ({ platformStatements, statements }: Part) => ({
  ...{ platform_statements: platformStatements, statements },
});

const ringLines = (name: string, anchor: ChainAnchor): Line[] => [
  { label: name, text: `epoch ${anchor.epoch}, head ${anchor.statementHash} of epoch ${anchor.headEpoch}` },
  ...anchor.keys.map(({ keyId, notAfter }) => ({ label: '', text: `${keyId}  ${stateOf(anchor, keyId, notAfter)}` })),
];

function stateOf({ activeKeyId, stagedKeyId }: ChainAnchor, keyId: string, notAfter: Date | undefined): string {
  if (keyId === activeKeyId) return 'active';
  const until = notAfter === undefined ? '' : `, until ${utc(notAfter.toISOString())}`;
  return `${keyId === stagedKeyId ? 'staged' : 'retiring'}${until}`;
}

const ringDocument = ({ epoch, headEpoch, statementHash, activeKeyId, stagedKeyId, next, keys }: ChainAnchor) => ({
  ...{
    epoch,
    head: statementHash,
    head_epoch: headEpoch,
    active_key_id: activeKeyId,
    staged_key_id: stagedKeyId,
    next,
  },
  keys: keys.map(({ keyId, publicKey, notAfter }) => ({
    ...{ key_id: keyId, public_key: publicKey.text },
    ...(notAfter === undefined ? {} : { not_after: notAfter.toISOString() }),
  })),
});
