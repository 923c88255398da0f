/** One request to whichever gateway answers. Knows nothing of what is asked. */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { gatewayUrls } from '@plexsphere/node-sdk';

/** Where gateways are, and what they prove themselves by. */
export interface GatewayAccess {
  gateways: readonly string[];
  gatewayCa?: string | undefined;
  allowPlaintext: boolean;
}

export interface GatewayCall {
  method: 'GET' | 'POST';
  path: string;
  headers?: Record<string, string>;
  body?: object;
}

export interface GatewayAnswer {
  status: number;
  text: string;
}

/** Rotation asks a signer, and waits for a scope that is just being changed. */
const ANSWERED_WITHIN_MS = 15_000;
/** A bundle, and a few names. */
const MOST_ANSWER_BYTES = 262_144;

export class GatewayCaller {
  private readonly urls: string[];
  private readonly agent: HttpAgent;
  private readonly isTls: boolean;

  /** @throws NodeSdkError for addresses that a proof must not be shown to */
  constructor({ gateways, gatewayCa, allowPlaintext }: GatewayAccess) {
    this.urls = gatewayUrls(gateways, { ca: gatewayCa, insecure: allowPlaintext });
    this.isTls = this.urls[0]?.startsWith('https:') === true;
    const tls = gatewayCa === undefined ? {} : { ca: gatewayCa };
    this.agent = this.isTls ? new HttpsAgent(tls) : new HttpAgent();
  }

  /** Of one gateway after the other, as long as `goesOn` is not content; the reason where none has answered at all. */
  async ask(call: GatewayCall, goesOn: (answer: GatewayAnswer) => boolean): Promise<GatewayAnswer | string> {
    let last: GatewayAnswer | string = 'no gateway';
    for (const url of this.urls) {
      last = await this.askOne(url, call).catch(reasonOf);
      if (typeof last !== 'string' && !goesOn(last)) break;
    }
    return last;
  }

  close(): void {
    this.agent.destroy();
  }

  private askOne(base: string, { method, path, headers = {}, body }: GatewayCall): Promise<GatewayAnswer> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const ask = this.isTls ? httpsRequest : httpRequest;
    return new Promise<GatewayAnswer>((resolve, reject) => {
      const asked = ask(`${base}${path}`, {
        method,
        agent: this.agent,
        // To the end of the answer's body.
        signal: AbortSignal.timeout(ANSWERED_WITHIN_MS),
        headers: {
          accept: 'application/json',
          ...(text !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
          ...headers,
        },
      });
      asked.on('error', reject);
      asked.on('response', (response) => {
        const { statusCode: status = 0 } = response;
        readText(response).then((read) => resolve({ status, text: read }), reject);
      });
      asked.end(text);
    });
  }
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_ANSWER_BYTES) throw new Error('too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

const reasonOf = (error: unknown): string => {
  const { code, name, message } = error as NodeJS.ErrnoException;
  return name === 'AbortError' || name === 'TimeoutError' ? 'silence' : (code ?? message);
};
