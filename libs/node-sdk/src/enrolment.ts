/** The enrolment file that `plexctl node add` writes: who this Node is, how it reaches the bus, whom it trusts first. */
import { open } from 'node:fs/promises';
import { parseBusAddress } from '@plexsphere/bus-client';
import { isNodeName, isUuid, scopeKind, type Scope } from '@plexsphere/wire';
import { JwsError, readBundle } from '@plexsphere/wire/jws';
import { isText, parseObject, type JsonObject } from './json-members';
import { NodeSdkError } from './node-sdk-error';

/** What `readEnrolment` finds in the file. It holds a secret: hand it to `NodeClient`, and to nothing that logs. */
export interface Enrolment {
  /** A UUID, drawn when the Node was enrolled. */
  nodeId: string;
  /** The Node's one scope: its Domain's (`domain:<uuid>`), or `platform`. */
  scope: Scope;
  /** What the operator called it. */
  name: string;
  /** Addresses of the bus: host:port, `tls://` before it for TLS. */
  servers: string[];
  /** Certificates in PEM that the bus has to prove itself by over TLS; without them those that the system trusts. */
  busCa?: string;
  /** The text of a NATS `.creds` file. Secret. */
  busCredential: string;
  /**
   * The trust bundle of that moment, as a JWS: read and not verified, since enrolment is the one moment of trust on first
   * use. What the trust store holds counts from then on.
   */
  bundle: string;
}

/** Group and others: the file holds the bus credential. */
const OTHERS = 0o077;

/**
 * Reads an enrolment file, which nobody but its owner may read.
 * @throws NodeSdkError `enrolment_unreadable`, `enrolment_readable_by_others`, `enrolment_malformed`
 */
export async function readEnrolment(path: string): Promise<Enrolment> {
  const file = await open(path, 'r').catch(() => {
    throw new NodeSdkError('enrolment_unreadable');
  });
  try {
    // Of the opened file and not of the path, which may be exchanged in between.
    const { mode } = await file.stat();
    if ((mode & OTHERS) !== 0) throw new NodeSdkError('enrolment_readable_by_others');
    return parseEnrolment(await file.readFile('utf8'));
  } finally {
    await file.close();
  }
}

/**
 * The same from text, for whoever keeps enrolments elsewhere than in a file.
 * @throws NodeSdkError `enrolment_malformed`, which names the member and carries nothing of the text
 */
export function parseEnrolment(text: string): Enrolment {
  const members = parseObject(text);
  if (members === undefined) throw new NodeSdkError('enrolment_malformed');
  const scope = read(members, 'scope', isNodeScope);
  return {
    nodeId: read(members, 'node_id', isUuid),
    scope,
    name: read(members, 'name', isNodeName),
    servers: read(members, 'servers', areServers),
    ...(members['bus_ca'] === undefined ? {} : { busCa: read(members, 'bus_ca', isFilled) }),
    busCredential: read(members, 'bus_credential', isFilled),
    bundle: read(members, 'bundle', (value): value is string => isText(value) && isBundleOf(scope, value)),
  };
}

function read<T>(members: JsonObject, name: string, accepts: (value: unknown) => value is T): T {
  const value = members[name];
  if (!accepts(value)) throw new NodeSdkError('enrolment_malformed', name);
  return value;
}

function isBundleOf(scope: Scope, text: string): boolean {
  try {
    return readBundle(text).scope === scope;
  } catch (error) {
    if (error instanceof JwsError) return false;
    throw error;
  }
}

const isFilled = (value: unknown): value is string => isText(value) && value !== '';

const isNodeScope = (value: unknown): value is Scope => {
  const kind = scopeKind(value);
  return kind === 'platform' || kind === 'domain';
};

const areServers = (value: unknown): value is string[] =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((server) => isText(server) && parseBusAddress(server) !== undefined);
