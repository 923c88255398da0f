import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '@plexsphere/testkit';
import type { CreateClient, IssuerReply, RotateReply } from '@plexsphere/wire/commands';
import { AUDIENCE, basic, issuerAt, makeClient, makeIssuer, postForm } from './oauth-hands';
import type { TestClient, TestIssuer, TokenReply } from './oauth-hands';
import type { OperatorConnection } from './operator-connection';
import type { World } from './world';

/** A token that a gateway gave, and when. */
export interface GivenToken {
  text: string;
  keyId: string;
  /** By the clock that does not turn back. */
  askedAt: number;
  /** In milliseconds since 1970. */
  endsAt: number;
}

/** An issuer of a story's own with a client: its keys are taken through their lives, and tokens asked for. */
export class IssuerLife {
  private constructor(
    readonly world: World,
    readonly operator: OperatorConnection,
    readonly issuer: TestIssuer,
    readonly client: TestClient,
  ) {}

  /** `longestSeconds`: what its tokens live, where that is not what the installation says. */
  static async begin(
    world: World,
    word: string,
    { longestSeconds, ...more }: Partial<CreateClient> & { longestSeconds?: number } = {},
  ): Promise<IssuerLife> {
    const issuer = await makeIssuer(world, `${word}-${world.domainId.slice(0, 8)}`);
    const client = await makeClient(world, issuer, 'billing', more);
    const life = new IssuerLife(world, await world.operator(), issuer, client);
    await life.keysAre('active staged');
    if (longestSeconds !== undefined) await life.letTokensLive(longestSeconds);
    return life;
  }

  /** Signers hear of a higher ceiling within seconds. */
  private async letTokensLive(seconds: number): Promise<void> {
    await this.operator.change('policy.set', { scope: this.scope, longest_token_seconds: seconds });
    const lives = async () => (await this.token(this.bases[0] ?? '')).endsAt - Date.now() > (seconds * 1_000) / 2;
    await eventually(lives, { timeoutMs: 120_000, describe: `tokens of ${this.scope} that live ${seconds} s` });
  }

  get scope(): string {
    return this.issuer.scope;
  }

  /** Where it is served, on each gateway. */
  get bases(): string[] {
    return this.world.gatewayUrls.map((_, gateway) => issuerAt(this.world, this.issuer.slug, gateway));
  }

  /** What a verifier of a service trusts that asks this gateway for keys. */
  trustAt = (base: string) => ({ issuer: this.issuer.url, audience: AUDIENCE, base });

  async shown(): Promise<IssuerReply> {
    const { code, body } = await this.operator.ask('issuer.show', { scope: this.scope });
    if (code !== '') throw new Error(`issuer.show: ${code} ${JSON.stringify(body)}`);
    return body as unknown as IssuerReply;
  }

  /** Once they are in these states, in the order in which they are shown. */
  keysAre(states: string): Promise<IssuerReply> {
    const found = async () => {
      const shown = await this.shown();
      return shown.keys.map(({ state }) => state).join(' ') === states ? shown : undefined;
    };
    return eventually(found, { timeoutMs: 120_000, describe: `keys of ${this.scope} that are ${states}` });
  }

  /** Once the standby may sign. */
  async propagated(): Promise<void> {
    const toldFor = async () => {
      const staged = (await this.shown()).keys.find(({ state }) => state === 'staged');
      return Date.parse(staged?.propagated_at ?? '') || undefined;
    };
    const at = await eventually(toldFor, { timeoutMs: 120_000, describe: `a standby of ${this.scope}` });
    // What is shown is cut to milliseconds.
    await delay(Math.max(0, at - Date.now()) + 50);
  }

  async rotate(): Promise<RotateReply> {
    await this.propagated();
    return this.operator.change<RotateReply>('signing.rotate', { scope: this.scope });
  }

  close({ old_key_id, new_key_id }: Pick<RotateReply, 'old_key_id' | 'new_key_id'>, force: boolean): Promise<object> {
    return this.operator.change('signing.close', { scope: this.scope, old_key_id, new_key_id, force });
  }

  /** undefined where it was told that it will pass. @throws Error where it is refused */
  async tokenAt(base: string): Promise<GivenToken | undefined> {
    const askedAt = performance.now();
    const response = await postForm(base, '/oauth2/token', { grant_type: 'client_credentials' }, basic(this.client));
    if (response.status === 503) {
      await response.text();
      return undefined;
    }
    if (response.status !== 200) throw new Error(`a token is refused: ${response.status} ${await response.text()}`);
    return given(((await response.json()) as TokenReply).access_token, askedAt);
  }

  /** One that is sure to come. */
  token(base: string): Promise<GivenToken> {
    return eventually(() => this.tokenAt(base), { describe: `a token of ${this.scope}` });
  }
}

function given(text: string, askedAt: number): GivenToken {
  const { kid, exp } = Object.assign({}, ...text.split('.', 2).map(decoded)) as { kid: string; exp: number };
  return { text, keyId: kid, askedAt, endsAt: exp * 1_000 };
}

const decoded = (part: string): object => JSON.parse(Buffer.from(part, 'base64url').toString()) as object;
