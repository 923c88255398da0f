import { DurationMs, ServiceConfig, Switch, Variable } from '@plexsphere/service-kit';
import { BOTH_FOR_MS, RENEWALS_PER_LEASE, SCOPE_POLICIES, checkPolicy, type Policy } from '@plexsphere/keyring';
import {
  CLOCK_SKEW_MS,
  NODE_KEY_OVERLAP_MS,
  SIGNING_DURATION_MS,
  STALENESS_MS,
  channelSlug,
  problem,
  scopeKind,
  type Scope,
} from '@plexsphere/wire';
import { Transform } from 'class-transformer';
import { Allow, IsIn, Matches, Max, Min } from '@plexsphere/wire/validator';

const IPV4_NETWORK = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!\/)|(?=\/))){4}\/(?:[89]|[12]\d|30)$/;

const KINDS = Object.keys(SCOPE_POLICIES);

/** Of what is drawn from it there is a date. */
const LONGEST_SPAN_MS = 1_000 * 86_400_000;

/** A token is renewed in the last third of its life: so long that a move of a minute, and a retry, fit into that. */
const SHORTEST_NODE_TOKEN_LIFE_MS = 5 * NODE_KEY_OVERLAP_MS;

export class RotationConfig extends ServiceConfig {
  /** A credential of the bus' system account, for pushing the mesh account's JWT. */
  @Variable('ACCOUNT_CREDENTIAL_FILE')
  @Allow()
  accountCredentialFile: string;

  /** How long both keys verify: closes_at − opened_at. */
  @Variable('OVERLAP_WINDOW', '24h')
  @DurationMs()
  overlapWindowMs: number;

  /** Accepts an overlap window below the sum that keeps every verifier live: laboratories and tests. */
  @Variable('ALLOW_SHORT_OVERLAP', 'false')
  @Switch()
  allowShortOverlap: boolean;

  /** L: how long a signer may sign without asking again. Below 3 s the one second to sign would not fit in a third. */
  @Variable('LEASE', '10s')
  @DurationMs()
  @Min(RENEWALS_PER_LEASE * SIGNING_DURATION_MS, { message: 'must be at least 3s' })
  leaseMs: number;

  /** Not a setting: relays and signers of the whole mesh count on the same. */
  readonly signingDurationMs = SIGNING_DURATION_MS;

  /** Not a setting: what every verifier refuses as stale. */
  readonly stalenessMs = STALENESS_MS;

  /** For how long a channel's senders are trusted to sign by both keys. They do for 5m: less is for laboratories and tests. */
  @Variable('BOTH_KEYS_FOR', '5m')
  @DurationMs()
  bothForMs: number;

  /** How far two clocks of the mesh may differ: no less than what services allow themselves. */
  @Variable('CLOCK_SKEW', '30s')
  @DurationMs()
  @Min(CLOCK_SKEW_MS, { message: 'must be at least 30s' })
  clockSkewMs: number;

  /** How long an event may wait between its commit and its publication. */
  @Variable('RELAY_LAG', '5m')
  @DurationMs()
  relayLagMs: number;

  /** How old the keys may be that a verifier goes by: a third of it in a cache in between, the rest in its library's. */
  @Variable('VERIFIER_CACHE', '15m')
  @DurationMs()
  verifierCacheMs: number;

  /** The longest life of a token; of an issuer's as it is when that is made, where its policy says no other. */
  @Variable('TOKEN_LIFE', '1h')
  @DurationMs()
  longestTokenLifeMs: number;

  /** How long a channel's new key may wait to be proven before status calls the rotation overdue. Nothing is forced. */
  @Variable('ACTIVATE_WITHIN', '15m')
  @DurationMs()
  activateWithinMs: number;

  /** Where Nodes that register over HTTP get their addresses in the mesh from. */
  @Variable('MESH_NETWORK', '100.64.0.0/10')
  @Matches(IPV4_NETWORK, { message: 'must be a network of IPv4 like 100.64.0.0/10, from /8 to /30' })
  meshNetwork: string;

  /** How long a Node's token holds. It renews at two thirds; the shorter, the sooner what was revoked leaves the list. */
  @Variable('NODE_TOKEN_LIFE', '7d')
  @DurationMs()
  @Min(60_000, { message: 'must be at least 1m' })
  @Max(LONGEST_SPAN_MS, { message: 'must be at most 1000d' })
  nodeTokenLifeMs: number;

  /** How old a Node's key gets before it changes it by itself: a tenth more or less, so that not all do at once. */
  @Variable('ROTATE_NODE_KEYS_AFTER', '90d')
  @DurationMs()
  @Min(60_000, { message: 'must be at least 1m' })
  @Max(LONGEST_SPAN_MS, { message: 'must be at most 1000d' })
  rotateNodeKeysAfterMs: number;

  /** The deployment profile: the scope kinds that this installation accepts. */
  @Variable('SCOPE_KINDS', 'platform,domain,issuer,channel')
  @Transform(({ value }) => String(value).split(','))
  @IsIn(KINDS, { each: true, message: `must be a list of ${KINDS.join(', ')}` })
  scopeKinds: string[];
}

/** What to change, for each thing that may forbid bring-up. */
const REMEDY = {
  invariant_violation: 'PLEXSPHERE_*',
  short_overlap: 'PLEXSPHERE_OVERLAP_WINDOW (or PLEXSPHERE_ALLOW_SHORT_OVERLAP=true, for laboratories and tests)',
  long_lease: 'PLEXSPHERE_LEASE',
} as const;

const SHORT_BOTH =
  'PLEXSPHERE_BOTH_KEYS_FOR (or PLEXSPHERE_ALLOW_SHORT_OVERLAP=true, for laboratories and tests): senders sign by both keys for 5m.';

const SHORT_TOKENS =
  'PLEXSPHERE_NODE_TOKEN_LIFE (or PLEXSPHERE_ALLOW_SHORT_OVERLAP=true, for laboratories and tests): a Node moves to its next token in the last third, and that takes a minute: 5m.';

/** What of the policy forbids bring-up, as sentences that name the setting and show the sum; empty where nothing does. */
export const forbidsBringUp = (config: RotationConfig): string[] => [
  ...checkPolicy(config satisfies Policy)
    .filter((found) => !(found.code === 'short_overlap' && config.allowShortOverlap))
    .map((found) => `${REMEDY[found.code]}: ${found.sentence}.`),
  ...(config.bothForMs < BOTH_FOR_MS && !config.allowShortOverlap ? [SHORT_BOTH] : []),
  ...(config.nodeTokenLifeMs < SHORTEST_NODE_TOKEN_LIFE_MS && !config.allowShortOverlap ? [SHORT_TOKENS] : []),
];

/** A ring, or a channel, which is two. @throws Problem invariantViolation where the deployment profile does not have this kind of scope */
export function requireAccepted(scope: Scope, config: RotationConfig): void {
  const kind = channelSlug(scope) === undefined ? scopeKind(scope) : 'channel';
  if (kind === undefined || !config.scopeKinds.includes(kind)) {
    throw problem('invariantViolation', { field: 'scope', accepted_kinds: config.scopeKinds });
  }
}
