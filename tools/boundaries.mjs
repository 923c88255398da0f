// Who may import whom, by the tags in each package.json (`nx.tags`). Every project has exactly one entry here that fits
// it; what is not listed is forbidden, so no app is ever imported.

const DOMAIN = 'layer:domain';
const CONTRACT = 'layer:contract';
const SDK = 'layer:sdk';
const GUARD = 'layer:guard';
const CHANNEL = 'layer:channel';
const CLIENTS = 'layer:clients';
const POSTGRES = 'lib:postgres';
const STORE = 'lib:store';
const MATERIAL = 'lib:material';
const SERVICE_KIT = 'lib:service-kit';
const BUS_JWT = 'lib:bus-jwt';
const BUS_CLIENT = 'lib:bus-client';
const DISK = 'lib:disk';
const EDGE = 'lib:edge';
const LEASE_HOLDER = 'lib:lease-holder';
const BOOTSTRAP = 'lib:bootstrap';
const TESTKIT = 'layer:testkit';
const STACK = 'layer:stack';

const OUTSIDE_SERVICES = [DOMAIN, CONTRACT, SDK, STORE, BUS_JWT, BUS_CLIENT, BOOTSTRAP, TESTKIT, STACK];

/** source tag → tags it may import */
export const MAY_IMPORT = {
  [DOMAIN]: [],
  [CONTRACT]: [],
  [SDK]: [CONTRACT, BUS_CLIENT, DISK],
  // A Node with its key: no service, no database.
  [EDGE]: [CONTRACT, BUS_CLIENT, DISK, SDK],
  [DISK]: [],
  // It knows an issuer by what anybody can read of it.
  [GUARD]: [],
  // Names alone: who embeds it holds secrets and knows no ring.
  [CHANNEL]: [CONTRACT],
  [CLIENTS]: [],
  [POSTGRES]: [CONTRACT],
  [STORE]: [DOMAIN, CONTRACT, POSTGRES],
  // Only those who hold private keys may import these two: the signer, and the bring-up that makes the first ones.
  [MATERIAL]: [CONTRACT, POSTGRES],
  [BUS_JWT]: [CONTRACT],
  [BUS_CLIENT]: [CONTRACT],
  [SERVICE_KIT]: [CONTRACT, BUS_CLIENT],
  // What a process does with a ring is handed in: neither keys nor a database.
  [LEASE_HOLDER]: [DOMAIN, CONTRACT, SERVICE_KIT],
  [BOOTSTRAP]: [STORE, MATERIAL, BUS_JWT, CONTRACT, DOMAIN],
  'app:rotation': [DOMAIN, CONTRACT, STORE, SERVICE_KIT],
  // Not the store: the signer keeps its own schema.
  'app:signer': [DOMAIN, CONTRACT, MATERIAL, POSTGRES, BUS_JWT, SERVICE_KIT, LEASE_HOLDER],
  'app:outbox-relay': [DOMAIN, CONTRACT, STORE, SERVICE_KIT],
  // The store alone for what form the database has: the gateway reads the views of its own schema.
  'app:gateway': [DOMAIN, CONTRACT, STORE, SERVICE_KIT, LEASE_HOLDER, BUS_CLIENT],
  'app:plexctl': [CONTRACT, BUS_CLIENT, BOOTSTRAP, SDK, EDGE],
  'app:channel-sink': [CONTRACT, SDK, SERVICE_KIT, BUS_CLIENT, DISK],
  'app:edge-agent': [CONTRACT, SDK, EDGE, SERVICE_KIT],
  [TESTKIT]: [...OUTSIDE_SERVICES, SERVICE_KIT],
  [STACK]: OUTSIDE_SERVICES,
  'layer:demo': [...OUTSIDE_SERVICES, CHANNEL, EDGE],
  // A thief in a suite opens the keys that he has stolen, and the files of a Node.
  'layer:test': [...OUTSIDE_SERVICES, MATERIAL, GUARD, CHANNEL, CLIENTS, EDGE, DISK],
};

/** Packages that would undo what a part is for: plexctl starts fast and knows no database, a Node embeds the SDK. */
const BANNED_PACKAGES = {
  // jose is the other side in its specs: what ships signs and verifies by the table of algorithms.
  [CONTRACT]: ['@nestjs/*', 'jose', 'nats', 'pg', 'typeorm'],
  [SDK]: ['@nestjs/*', 'pg', 'typeorm'],
  [EDGE]: ['@nestjs/*', 'pg', 'typeorm'],
  [DISK]: ['@nestjs/*', 'nats', 'pg', 'typeorm'],
  [GUARD]: ['nats', 'pg', 'typeorm'],
  [CHANNEL]: ['nats', 'pg', 'typeorm'],
  [POSTGRES]: ['@nestjs/*', 'nats'],
  [SERVICE_KIT]: ['pg', 'typeorm'],
  [LEASE_HOLDER]: ['pg', 'typeorm'],
  // NATS' own library is the other side in its specs: a signature takes it tens of milliseconds of a signer's one thread.
  [BUS_JWT]: ['@nats-io/*', '@nestjs/*', 'nats', 'pg', 'typeorm'],
  [BUS_CLIENT]: ['@nestjs/*', '@nats-io/*', 'pg', 'typeorm'],
  // It asks by SQL alone.
  'app:gateway': ['typeorm'],
  'app:plexctl': ['@nestjs/*', 'pg', 'typeorm'],
  'app:channel-sink': ['@nestjs/*', 'pg', 'typeorm'],
  'app:edge-agent': ['@nestjs/*', 'pg', 'typeorm'],
};

/** Whoever loads these may hold a cloud's credentials: the sink alone does. */
const CLOUDS = ['@aws-sdk/*'];
const forAll = (sourceTag) => (sourceTag === 'app:channel-sink' ? [] : CLOUDS);

const constraints = (extraTags, bannedPackages) =>
  Object.entries(MAY_IMPORT).map(([sourceTag, tags]) => ({
    sourceTag,
    onlyDependOnLibsWithTags: [...tags, ...extraTags],
    bannedExternalImports: bannedPackages(sourceTag),
  }));

const boundaries = (depConstraints) => [
  'error',
  {
    depConstraints,
    // plexctl loads the contract's DTO classes when a command needs them, the light entry always. That it never loads
    // bootstrap at once is a rule of its own, which holds before the first import() is written, too.
    checkDynamicDependenciesExceptions: ['^@plexsphere/(wire|bootstrap|node-sdk|edge|bus-client(/connect)?)$'],
    // Specs run against the test kit, which itself stands on the libraries: a circle of test code, never of what ships.
    ignoredCircularDependencies: [
      [`tag:${TESTKIT}`, '*'],
      [`tag:${STACK}`, '*'],
    ],
  },
];

export const moduleBoundaries = boundaries(
  constraints([], (sourceTag) => [...(BANNED_PACKAGES[sourceTag] ?? []), ...forAll(sourceTag)]),
);

/**
 * Specs may use the domain, the test kit, the local stack, a Node to hear what is said to it, a holder of leases for
 * rotation to wait for, and any package: none of it ships.
 */
export const specBoundaries = boundaries(constraints([DOMAIN, TESTKIT, STACK, SDK, LEASE_HOLDER], () => []));
