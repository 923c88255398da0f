/** The enrolment file that `plexctl node add` writes: who this Node is, how it reaches the bus, whom it trusts first. */
import { open } from 'node:fs/promises';
import { parseBusAddress } from '@plexsphere/bus-client';
import { isNodeName, isUuid, scopeKind, type Scope } from '@plexsphere/wire';
import { JwsError, readBundle, type TrustBundle } from '@plexsphere/wire/jws';

export interface Enrolment {
  nodeId: string;
  /** The Node's one scope: its Domain's, or `platform`. */
  scope: Scope;
  name: string;
  /** Addresses of the bus: host:port, `tls://` before it for TLS. */
  servers: string[];
  /** Certificates in PEM that the bus has to prove itself by over TLS; without them those that the system trusts. */
  busCa?: string;
  /** The text of a NATS `.creds` file. Secret. */
  busCredential: string;
  /** The trust bundle of that moment, read and not verified: enrolment is the one moment of trust on first use. */
  bundle: TrustBundle;
}

export type EnrolmentProblem = 'unreadable' | 'readable_by_others' | 'malformed';

/** Compare `code`; `member` names what is wrong in a malformed file. Never carries what the file holds. */
export class EnrolmentError extends Error {
  override readonly name = 'EnrolmentError';

  constructor(
    readonly code: EnrolmentProblem,
    readonly member?: string,
  ) {
    super(`enrolment file refused: ${code}${member === undefined ? '' : ` (${member})`}`);
  }
}

/** Group and others: the file holds the bus credential. */
const OTHERS = 0o077;

/** Throws EnrolmentError. */
export async function readEnrolment(path: string): Promise<Enrolment> {
  const file = await open(path, 'r').catch(() => {
    throw new EnrolmentError('unreadable');
  });
  try {
    // Of the opened file and not of the path, which may be exchanged in between.
    const { mode } = await file.stat();
    if ((mode & OTHERS) !== 0) throw new EnrolmentError('readable_by_others');
    return parseEnrolment(await file.readFile('utf8'));
  } finally {
    await file.close();
  }
}

/** Throws EnrolmentError `malformed`. */
export function parseEnrolment(text: string): Enrolment {
  const members = membersOf(text);
  const enrolment: Enrolment = {
    nodeId: read(members, 'node_id', isUuid),
    scope: read(members, 'scope', isNodeScope),
    name: read(members, 'name', isNodeName),
    servers: read(members, 'servers', areServers),
    ...(members['bus_ca'] === undefined ? {} : { busCa: read(members, 'bus_ca', isText) }),
    busCredential: read(members, 'bus_credential', isText),
    bundle: bundleOf(read(members, 'bundle', isText)),
  };
  if (enrolment.bundle.scope !== enrolment.scope) throw new EnrolmentError('malformed', 'bundle');
  return enrolment;
}

function membersOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // The parser's own words quote the text, which holds a secret.
  }
  throw new EnrolmentError('malformed');
}

function read<T>(members: Record<string, unknown>, name: string, accepts: (value: unknown) => value is T): T {
  const value = members[name];
  if (!accepts(value)) throw new EnrolmentError('malformed', name);
  return value;
}

function bundleOf(text: string): TrustBundle {
  try {
    return readBundle(text);
  } catch (error) {
    if (error instanceof JwsError) throw new EnrolmentError('malformed', 'bundle');
    throw error;
  }
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

const isNodeScope = (value: unknown): value is Scope => {
  const kind = scopeKind(value);
  return kind === 'platform' || kind === 'domain';
};

const areServers = (value: unknown): value is string[] =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((server) => typeof server === 'string' && parseBusAddress(server) !== undefined);
