/** `identity.json`: who the Node is and where the mesh is reached; all of its enrolment but the credential. */
import type { Scope } from '@plexsphere/wire';
import { gatewayUrls, NodeSdkError, parseEnrolment, type BusEnrolment } from '@plexsphere/node-sdk';
import { EdgeError } from '../edge-error';
import { busCredentialOf, type Creds } from './creds';
import { areTexts, isText, objectOf } from './json';

export interface Identity {
  nodeId: string;
  scope: Scope;
  name: string;
  /** Addresses of the bus. */
  servers: string[];
  busCa?: string;
  gateways: string[];
  gatewayCa?: string;
  /** Insists on gateways and a bus that are neither TLS nor on this machine. */
  allowPlaintext: boolean;
  /** The trust bundle of the enrolment. */
  bundle: string;
}

export const identityText = (identity: Identity): string =>
  `${JSON.stringify(
    {
      node_id: identity.nodeId,
      scope: identity.scope,
      name: identity.name,
      servers: identity.servers,
      bus_ca: identity.busCa,
      gateways: identity.gateways,
      gateway_ca: identity.gatewayCa,
      allow_plaintext: identity.allowPlaintext,
      bundle: identity.bundle,
    },
    null,
    2,
  )}\n`;

/** As strict as of an enrolment file. @throws EdgeError `state_damaged` */
export function parseIdentity(text: string, about: string): Identity {
  const { gateways, gateway_ca: gatewayCa, allow_plaintext: allowPlaintext, ...enrolled } = objectOf(text) ?? {};
  if (!areTexts(gateways) || typeof allowPlaintext !== 'boolean') throw new EdgeError('state_damaged', about);
  if (gatewayCa !== undefined && !isText(gatewayCa)) throw new EdgeError('state_damaged', about);
  try {
    gatewayUrls(gateways, { ca: gatewayCa, insecure: allowPlaintext });
    // Every member but the credential, which stands in a file of its own.
    const read = parseEnrolment(JSON.stringify({ ...enrolled, bus_credential: '-' })) as BusEnrolment;
    const { nodeId, scope, name, servers, busCa, bundle } = read;
    const mesh = { nodeId, scope, name, servers, ...(busCa !== undefined && { busCa }), bundle };
    return { ...mesh, gateways, ...(gatewayCa !== undefined && { gatewayCa }), allowPlaintext };
  } catch (error) {
    if (error instanceof NodeSdkError) throw new EdgeError('state_damaged', about);
    throw error;
  }
}

/** What the SDK connects by. */
export function busEnrolment(identity: Identity, creds: Creds): BusEnrolment {
  const { nodeId, scope, name, servers, busCa, bundle } = identity;
  const mesh = { nodeId, scope, name, servers, ...(busCa !== undefined && { busCa }), bundle };
  return { ...mesh, busCredential: busCredentialOf(creds) };
}
