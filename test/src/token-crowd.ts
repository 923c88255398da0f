import { eventually } from '@plexsphere/testkit';
import { decodeProtectedHeader } from 'jose';
import { basic, postForm, type TestClient } from './oauth-hands';

export interface Answered {
  beganMs: number;
  endedMs: number;
  status: number;
  /** By which key; undefined where there is no token. */
  kid?: string;
  token?: string;
}

/** The status of no answer: a gateway that stood still hangs up on who has waited for long. */
export const HUNG_UP = 0;

/** A client that asks for tokens without end, at each place several at a time, and comes again at once whatever it hears. */
export class TokenCrowd {
  readonly answered: Answered[] = [];
  private isAsking = true;
  private readonly asking: Promise<void>[];

  constructor(places: readonly string[], client: TestClient, atOnce = 4) {
    this.asking = places.flatMap((at) => Array.from({ length: atOnce }, () => this.askOn(at, client)));
  }

  get given(): (Answered & { kid: string; token: string })[] {
    return this.answered.filter((each): each is Answered & { kid: string; token: string } => each.kid !== undefined);
  }

  /** Once so many more tokens have come by that key. */
  async hasGiven(kid: string, more = 20): Promise<void> {
    const count = (): number => this.given.filter((each) => each.kid === kid).length;
    const enough = count() + more;
    await eventually(() => count() >= enough, { describe: `tokens by ${kid}`, timeoutMs: 90_000 });
  }

  async stop(): Promise<void> {
    this.isAsking = false;
    await Promise.all(this.asking);
  }

  private async askOn(at: string, client: TestClient): Promise<void> {
    while (this.isAsking) {
      const beganMs = performance.now();
      const answer = await postForm(at, '/oauth2/token', { grant_type: 'client_credentials' }, basic(client)).catch(
        unlessHungUp,
      );
      const { access_token: token } = ((await answer?.json()) ?? {}) as { access_token?: string };
      const ended = { beganMs, endedMs: performance.now(), status: answer?.status ?? HUNG_UP };
      const made = token === undefined ? {} : { token, kid: String(decodeProtectedHeader(token).kid) };
      this.answered.push({ ...ended, ...made });
    }
  }
}

function unlessHungUp(error: unknown): undefined {
  const { code = '' } = (error as { cause?: { code?: string } }).cause ?? {};
  if (!['ECONNRESET', 'UND_ERR_SOCKET'].includes(code)) throw error;
}
