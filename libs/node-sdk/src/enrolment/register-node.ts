/** How a Node comes in over HTTP: by an enrolment token, at whichever gateway, once. */
import { routePath } from '@plexsphere/wire';
import { parseEnrolment } from './enrolment';
import { gatewayUrls } from './gateway-url';
import { HttpCaller, readText } from '../transport/http-call';
import { failureOf, type HttpFailure } from '../transport/http-failure';
import { parseObject } from '../json-members';
import { NodeSdkError } from '../node-sdk-error';

/** What a Node registers with. */
export interface Registration {
  /** Addresses of gateways, as they are to stand in the enrolment: `https://host:port`. */
  gateways: string[];
  /** Certificates in PEM that gateways have to prove themselves by; without them those that the system trusts. */
  gatewayCa?: string;
  /** Of `plexctl node enroll-token`. Secret, and used up by the first who comes with it. */
  token: string;
  /** What the Node is called; a suffix is added where its scope has one of that name. */
  hostname: string;
  /** The public half of its WireGuard key (X25519): standard base64, padded. */
  wireguardKey: string;
  /** Insists on gateways that are neither TLS nor on this machine: token and enrolment travel in the clear. */
  allowPlaintext?: boolean;
}

/** Rotation asks a signer for the bundle, and waits for a scope that is just being changed. */
const ANSWERED_WITHIN_MS = 30_000;
/** A bundle, and a few names. */
const MOST_ANSWER_BYTES = 262_144;

/**
 * Registers, and returns the text of the enrolment file: secret, and shown once. Whoever did not get an answer asks again
 * with the same token and key, for ten minutes.
 * @throws NodeSdkError `registration_refused` where the token is not, or no more, good for it, or something of the request
 * is none; `registration_failed` where it may go another time; and for addresses as `NodeClient.start`
 */
export async function registerNode(registration: Registration): Promise<string> {
  const { gateways, gatewayCa, token, hostname, wireguardKey, allowPlaintext = false } = registration;
  const urls = gatewayUrls(gateways, { ca: gatewayCa, insecure: allowPlaintext });
  const caller = new HttpCaller({ gateways, ...(gatewayCa !== undefined && { gatewayCa }), bearer: token });
  const body = { token, hostname, public_key: wireguardKey, listens: 'sdk' };
  const path = routePath('register');
  const signal = AbortSignal.timeout(ANSWERED_WITHIN_MS * urls.length);
  try {
    let failure: HttpFailure | undefined;
    for (const url of urls) {
      try {
        const call = { path, body, answeredWithinMs: ANSWERED_WITHIN_MS };
        return enrolmentText(await readText(await caller.call(url, call, signal), MOST_ANSWER_BYTES), registration);
      } catch (error) {
        if (error instanceof NodeSdkError) throw error;
        failure = failureOf(error);
        if (failure.status >= 400 && failure.status < 500 && failure.status !== 429) break;
      }
    }
    throw refusalOf(failure);
  } finally {
    caller.close();
  }
}

function refusalOf(failure: HttpFailure | undefined): NodeSdkError {
  const { reason = '', status = 0 } = failure ?? {};
  const isRefused = status >= 400 && status < 500 && status !== 429;
  return new NodeSdkError(isRefused ? 'registration_refused' : 'registration_failed', reason);
}

/** What was told, as `readEnrolment` reads it. */
function enrolmentText(answer: string, { gateways, gatewayCa }: Registration): string {
  const { node_id, scope, name, node_secret_key: bearer, bundle } = parseObject(answer) ?? {};
  const ca = gatewayCa === undefined ? {} : { gateway_ca: gatewayCa };
  const text = `${JSON.stringify({ node_id, scope, name, gateways, ...ca, bearer, bundle }, null, 2)}\n`;
  parseEnrolment(text);
  return text;
}
