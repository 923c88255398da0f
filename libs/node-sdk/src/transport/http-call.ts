/** One request of a Node to a gateway. What answers is looked at by status and a few headers; of a refusal no text is read. */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { HttpEnrolment } from '../enrolment/enrolment';
import { HttpFailure, SILENCE, failureOf } from './http-failure';

/** From the first byte sent to the answer's headers. */
const ANSWERED_WITHIN_MS = 10_000;

export interface Call {
  path: string;
  headers?: Record<string, string>;
  body?: object;
  answeredWithinMs?: number;
}

export class HttpCaller {
  private readonly agent: HttpAgent;
  private readonly isTls: boolean;

  constructor(private readonly access: Pick<HttpEnrolment, 'gateways' | 'gatewayCa' | 'bearer'>) {
    const { gateways, gatewayCa } = access;
    this.isTls = gateways[0]?.startsWith('https:') === true;
    const tls = gatewayCa === undefined ? {} : { ca: gatewayCa };
    this.agent = this.isTls ? new HttpsAgent({ keepAlive: true, ...tls }) : new HttpAgent({ keepAlive: true });
  }

  /**
   * The answer's body is the caller's to read or to end.
   * @throws HttpFailure
   */
  call(base: string, { path, headers = {}, body, answeredWithinMs = ANSWERED_WITHIN_MS }: Call, signal: AbortSignal) {
    const { bearer } = this.access;
    const text = body === undefined ? undefined : JSON.stringify(body);
    const ask = this.isTls ? httpsRequest : httpRequest;
    return new Promise<IncomingMessage>((resolve, reject) => {
      const asked = ask(`${base}${path}`, {
        method: text === undefined ? 'GET' : 'POST',
        agent: this.agent,
        signal,
        headers: {
          authorization: `Bearer ${bearer}`,
          ...(text !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
          ...headers,
        },
      });
      const late = setTimeout(() => asked.destroy(new HttpFailure(SILENCE)), answeredWithinMs);
      asked.on('error', (error) => reject(failureOf(error)));
      asked.on('close', () => clearTimeout(late));
      asked.on('response', (response) => {
        clearTimeout(late);
        const { statusCode: status = 0 } = response;
        if (status >= 200 && status < 300) return resolve(response);
        response.destroy();
        reject(new HttpFailure(`${status}`, status, retryAfterMs(response)));
      });
      asked.end(text);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}

/** @throws HttpFailure where there is more of it */
export async function readText(response: IncomingMessage, mostBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw new HttpFailure('too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** In seconds; a date would have to be believed to be of our clock. */
function retryAfterMs({ headers }: IncomingMessage): number {
  const seconds = /^\d{1,3}$/.exec(headers['retry-after'] ?? '')?.[0];
  return Number(seconds ?? 0) * 1_000;
}
