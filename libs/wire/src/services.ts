import { subjects } from './subjects';

/**
 * The services of the product: what everybody beside a service has to know of it. Its name is that of its app, of the
 * queue group in which its replicas share their work, of its kind of bus credential, and of its role in the database. A
 * new service is a row here, its app, what it may say and hear (traffic.ts), and its role's grants (ADR 0020).
 */
export interface Service {
  /** What its replicas are called together: a flag of `npm start`, which says how many there are. */
  replicas: string;
  /** In the usage of `npm start`. */
  title: string;
  /**
   * How many connections a login of its database role may have, so that no thief with one service's URL takes all of a
   * server's (100, unless its owner has decided otherwise) away from the others. Enough for three replicas under load; for
   * more of them the database's owner raises it: ALTER ROLE … CONNECTION LIMIT.
   */
  connections: number;
  /** The setting that says where others come to it over HTTP; only of one to whom they do. */
  listens?: string;
  /** Which files of the bring-up it gets beside its credential and its database's URL, by the setting that names each. */
  files: Readonly<Record<string, BringUpFile>>;
  /** What has to be refused to it when it tries it at its start: to say something on the bus, a statement in the database. */
  forbidden: { subject: string; statement: string };
}

/** What a bring-up leaves beside the files of each service, each 0600 in a 0700 folder. */
export const BRING_UP_FILES = {
  /** The key-encryption key. */
  kek: 'kek',
  /** Rotation's second bus credential, in the bus's system account. */
  accountPusher: 'account-pusher.creds',
  /** To be included by the bus's servers. */
  natsServer: 'nats-server.conf',
  /** The first admin's token file. */
  adminToken: 'admin.token',
  /** To be taken away and kept offline; the passphrase apart from it. */
  recoveryKey: 'recovery-key.json',
  recoveryPassphrase: 'recovery-key.passphrase',
} as const;
type BringUpFile = (typeof BRING_UP_FILES)[keyof typeof BRING_UP_FILES];

/** To put words into a Node's ear, past the stream: no credential may. No Node has this id, so nobody is told anything. */
const A_NODES_EAR = subjects.nodeEvents('trial');
/** They read no row where they are allowed after all. */
const PRIVATE_KEYS = 'SELECT FROM material.wrapped_key LIMIT 0';
const KEY_RINGS = 'SELECT FROM ring.key_ring LIMIT 0';

export const SERVICES = {
  rotation: {
    replicas: 'rotations',
    title: 'the rotation service',
    connections: 60,
    files: { PLEXSPHERE_ACCOUNT_CREDENTIAL_FILE: BRING_UP_FILES.accountPusher },
    forbidden: { subject: A_NODES_EAR, statement: PRIVATE_KEYS },
  },
  signer: {
    replicas: 'signers',
    title: 'the signer',
    connections: 20,
    files: { PLEXSPHERE_KEK_FILE: BRING_UP_FILES.kek },
    forbidden: { subject: A_NODES_EAR, statement: KEY_RINGS },
  },
  'outbox-relay': {
    replicas: 'relays',
    title: 'the outbox relay',
    connections: 30,
    files: {},
    forbidden: { subject: A_NODES_EAR, statement: PRIVATE_KEYS },
  },
  gateway: {
    replicas: 'gateways',
    title: 'the gateway',
    connections: 40,
    listens: 'PLEXSPHERE_HTTP_LISTEN',
    files: {},
    forbidden: { subject: A_NODES_EAR, statement: KEY_RINGS },
  },
} as const satisfies Record<string, Service>;

export type ServiceName = keyof typeof SERVICES;
export const SERVICE_NAMES = Object.keys(SERVICES) as ServiceName[];

/** How many there are of each, under the name that the table has for them. */
export type Replicas = Record<(typeof SERVICES)[ServiceName]['replicas'], number>;

/** The file with a service's bus credential, and the one with its database's URL, as a bring-up names them. */
export const credentialFile = (service: ServiceName): string => `${service}.creds`;
export const databaseUrlFile = (service: ServiceName): string => `${service}.database-url`;

/** The name of a service's role in the database, or of a login that is a member of it: it needs no quoting. */
export const isRoleName = (name: unknown): name is string =>
  typeof name === 'string' && /^plexsphere_[a-z0-9_]+$/.test(name);
