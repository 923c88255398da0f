/** The enrolment file: who this Node is, how it reaches the bus or the gateways, whom it trusts first. */
import { open } from 'node:fs/promises';
import { parseBusAddress } from '@plexsphere/bus-client';
import { PLATFORM, isNodeName, isSealingText, isSide, isSlug, isUuid, scopeKind, type Scope } from '@plexsphere/wire';
import { JwsError, readBundle } from '@plexsphere/wire/jws';
import { isGatewayUrl } from './gateway-url';
import { asObject, isText, parseObject, type JsonObject } from '../json-members';
import { NodeSdkError } from '../node-sdk-error';

/** Who the Node is, and whom it trusts first. */
interface Enrolled {
  /** A UUID, drawn when the Node was enrolled. */
  nodeId: string;
  /** The Node's one scope: its Domain's (`domain:<uuid>`), or `platform`. */
  scope: Scope;
  /** What the operator called it. */
  name: string;
  /**
   * The trust bundle of that moment, as a JWS: read and not verified, since enrolment is the one moment of trust on first
   * use. What the trust store holds counts from then on.
   */
  bundle: string;
  /** Of a channel's member: `plexctl channel add-member` has written it. */
  channel?: ChannelEnrolment;
}

/** Which end of which channel the Node is, and how it opens the secrets that it is sent. */
export interface ChannelEnrolment {
  slug: string;
  /** It signs in the ring from here to the other side, and verifies in the other ring. */
  side: string;
  /** X25519, standard base64 of 32 bytes. Secret. */
  sealingPrivateKey: string;
  /** It writes what it holds for somebody else, and proves only what is written: see `beforeProof`. */
  sink: boolean;
}

/** Of a Node on the bus: `plexctl node add` has written it. */
export interface BusEnrolment extends Enrolled {
  /** Addresses of the bus: host:port, `tls://` before it for TLS. */
  servers: string[];
  /** Certificates in PEM that the bus has to prove itself by over TLS; without them those that the system trusts. */
  busCa?: string;
  /** The text of a NATS `.creds` file. Secret. */
  busCredential: string;
}

/** Of a Node over HTTP, which has registered with a gateway. */
export interface HttpEnrolment extends Enrolled {
  /** Addresses of gateways: `https://host:port`, with a path before theirs where a proxy wants one. */
  gateways: string[];
  /** Certificates in PEM that gateways have to prove themselves by; without them those that the system trusts. */
  gatewayCa?: string;
  /** The Node's own token. Secret. */
  bearer: string;
}

/** What `readEnrolment` finds in the file. It holds a secret: hand it to `NodeClient`, and to nothing that logs. */
export type Enrolment = BusEnrolment | HttpEnrolment;

/** Group and others: the file holds the credential. */
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
  const enrolled: Enrolled = {
    nodeId: read(members, 'node_id', isUuid),
    scope,
    name: read(members, 'name', isNodeName),
    bundle: read(members, 'bundle', (value): value is string => isText(value) && isBundleOf(scope, value)),
    ...(members['channel'] === undefined ? {} : { channel: channelOf(members['channel'], scope) }),
  };
  return { ...enrolled, ...(members['gateways'] === undefined ? busOf(members) : gatewaysOf(members)) };
}

const busOf = (members: JsonObject): Omit<BusEnrolment, keyof Enrolled> => ({
  servers: read(members, 'servers', areServers),
  ...(members['bus_ca'] === undefined ? {} : { busCa: read(members, 'bus_ca', isFilled) }),
  busCredential: read(members, 'bus_credential', isFilled),
});

const gatewaysOf = (members: JsonObject): Omit<HttpEnrolment, keyof Enrolled> => ({
  gateways: read(members, 'gateways', areGateways),
  ...(members['gateway_ca'] === undefined ? {} : { gatewayCa: read(members, 'gateway_ca', isFilled) }),
  bearer: read(members, 'bearer', isBearer),
});

/** What members are told is signed by the platform's key, so each is a Node of `platform`. */
function channelOf(value: unknown, scope: Scope): ChannelEnrolment {
  const members = asObject(value);
  if (members === undefined || scope !== PLATFORM) throw new NodeSdkError('enrolment_malformed', 'channel');
  return {
    slug: read(members, 'slug', isSlug, 'channel.'),
    side: read(members, 'side', isSide, 'channel.'),
    sealingPrivateKey: read(members, 'sealing_private_key', isSealingText, 'channel.'),
    sink: read(members, 'sink', isFlag, 'channel.') === true,
  };
}

/** `of`: what the member is a member of. */
function read<T>(members: JsonObject, name: string, accepts: (value: unknown) => value is T, of = ''): T {
  const value = members[name];
  if (!accepts(value)) throw new NodeSdkError('enrolment_malformed', `${of}${name}`);
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

const isFlag = (value: unknown): value is boolean | undefined => value === undefined || typeof value === 'boolean';

const isNodeScope = (value: unknown): value is Scope => {
  const kind = scopeKind(value);
  return kind === 'platform' || kind === 'domain';
};

const areServers = (value: unknown): value is string[] =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((server) => isText(server) && parseBusAddress(server) !== undefined);

const areGateways = (value: unknown): value is string[] =>
  Array.isArray(value) && value.length > 0 && value.every((url) => isText(url) && isGatewayUrl(url));

/** RFC 6750, section 2.1: what a header carries as it is. */
const isBearer = (value: unknown): value is string => isText(value) && /^[\x21-\x7e]{1,512}$/.test(value);
