import { setTimeout as delay } from 'node:timers/promises';
import { createRemoteJWKSet, jwtVerify } from 'jose';

export interface Token {
  text: string;
  key_id: string;
}

/** What came of asking on and on. */
export interface Asked {
  tokens: number;
  /** Why a token was not given, or was refused by the API. */
  failures: string[];
}

/** Where it asks, and who it says it is. */
export interface TokenClientOptions {
  /** As its tokens name it. */
  issuer: string;
  /** The same issuer at each gateway. */
  doors: readonly string[];
  clientId: string;
  secret: string;
  audience: string;
}

/** As short as the demo's propagation delay is: in earnest ten minutes, and a quarter of an hour. */
const CACHE_MS = 2_000;
const PAUSE_MS = 50;
const PATIENCE_MS = 30_000;

/** A client of an issuer, and an API to which it shows its tokens: a library that knows nothing of us, with keys in its cache. */
export class TokenClient {
  readonly asked: Asked = { tokens: 0, failures: [] };
  private readonly keys: ReturnType<typeof createRemoteJWKSet>;
  private isAsking = false;
  private asking: Promise<void> | undefined;

  constructor(private readonly options: TokenClientOptions) {
    const url = new URL(`${options.issuer}/.well-known/jwks.json`);
    this.keys = createRemoteJWKSet(url, {
      ...{ cacheMaxAge: CACHE_MS, cooldownDuration: CACHE_MS / 2, timeoutDuration: PATIENCE_MS },
    });
  }

  /** Comes again while it is told that it will pass. @throws where it is given none, or the API refuses it */
  async token(door = this.options.doors[0] ?? ''): Promise<Token> {
    for (const until = Date.now() + PATIENCE_MS; ; await delay(PAUSE_MS)) {
      const response = await this.ask(door);
      const { access_token: text, error } = (await response.json()) as { access_token?: string; error?: string };
      if (text !== undefined) return { text, key_id: await this.shown(text) };
      if (response.status !== 503 || Date.now() > until) throw new Error(`${response.status} ${error ?? ''}`);
    }
  }

  /** What the API makes of it: the key by which it verifies. @throws where it refuses */
  async shown(text: string): Promise<string> {
    const { issuer, audience } = this.options;
    const { protectedHeader } = await jwtVerify(text, this.keys, { issuer, audience, typ: 'at+jwt' });
    return protectedHeader.kid ?? '';
  }

  /** Asks on and on, at each gateway in turn. */
  start(): void {
    this.isAsking = true;
    this.asking = this.askOn();
  }

  async stop(): Promise<Asked> {
    this.isAsking = false;
    await this.asking;
    return this.asked;
  }

  private ask(door: string): Promise<Response> {
    const { clientId, secret } = this.options;
    return fetch(`${door}/oauth2/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
  }

  private async askOn(): Promise<void> {
    const { doors } = this.options;
    for (let turn = 0; this.isAsking; turn += 1) {
      await this.token(doors[turn % doors.length]).then(
        () => (this.asked.tokens += 1),
        (error: Error) => this.asked.failures.push(error.message),
      );
      await delay(PAUSE_MS);
    }
  }
}
