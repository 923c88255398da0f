import { setTimeout as delay } from 'node:timers/promises';
import { isOver, isTimeOut, unhurriedJose, type JwksClient, type Verify } from '@plexsphere/jwks-clients';
import { TokenRefused, type Times } from '@plexsphere/jwt-guard';
import { startGuard } from './guard-verifier';
import type { GivenToken, IssuerLife } from './issuer-life';

const AGAIN_AFTER_MS = 200;

interface Verifier {
  name: string;
  verify: Verify;
}

/** Verifiers that run while an issuer's keys change: who refused what, and who took tokens by which key. */
export class VerifierCrowd {
  /** Tokens that were good and were not taken. */
  readonly refusals: object[] = [];
  /** That a gateway did not answer in time is no verdict: the token is shown again until there is one. */
  timeOuts = 0;
  /** Tokens that were over before there was a verdict. */
  late = 0;
  private readonly verifiers: Verifier[] = [];
  private readonly took = new Map<string, Set<string>>();

  constructor(private readonly life: IssuerLife) {}

  get size(): number {
    return this.verifiers.length;
  }

  /** In turns at each gateway; with their times cut where nothing else is said. */
  addClients(client: JwksClient, count: number, isHasty = true): void {
    this.add(client.name, count, (trust) => client.start(trust, isHasty));
  }

  addUnhurried(count: number): void {
    this.add('unhurried jose', count, unhurriedJose);
  }

  addGuards(times: Partial<Times>, count: number): void {
    this.add('our guard', count, (trust) => startGuard(this.life.world, trust, times).verify);
  }

  private add(name: string, count: number, start: (trust: ReturnType<IssuerLife['trustAt']>) => Verify): void {
    const { bases } = this.life;
    for (let n = 0; n < count; n += 1) {
      const gateway = n % bases.length;
      const verify = start(this.life.trustAt(bases[gateway] ?? ''));
      this.verifiers.push({ name: `${name} ${n + 1} at gateway-${gateway + 1}`, verify });
    }
  }

  /** Those that a choice names; all of them where there is none. */
  async show(token: GivenToken, choice?: readonly number[]): Promise<void> {
    const shown = choice === undefined ? this.verifiers : choice.flatMap((index) => this.verifiers[index] ?? []);
    await Promise.all(shown.map((verifier) => this.decide(verifier, token)));
  }

  /** Until each of them has taken one by this key: one that was over too early is no answer. */
  async showUntilTaken(keyId: string, newToken: () => Promise<GivenToken>): Promise<void> {
    while (this.takenBy(keyId) < this.size && this.refusals.length === 0) {
      const token = await newToken();
      if (token.keyId !== keyId) throw new Error(`a token by ${token.keyId}, where ${keyId} signs`);
      await this.show(token);
    }
  }

  /** How many have taken one by this key. */
  takenBy(keyId: string): number {
    return this.took.get(keyId)?.size ?? 0;
  }

  private async decide({ name, verify }: Verifier, { text, keyId }: GivenToken): Promise<void> {
    const since = performance.now();
    for (;;) {
      try {
        await verify(text);
        this.took.set(keyId, (this.took.get(keyId) ?? new Set()).add(name));
        return;
      } catch (error) {
        if (isTimeOut(error)) this.timeOuts += 1;
        else if (isLate(error)) return void (this.late += 1);
        else return void this.refusals.push({ name, keyId, error: told(error), afterMs: performance.now() - since });
      }
      await delay(AGAIN_AFTER_MS);
    }
  }
}

const isLate = (error: unknown): boolean =>
  isOver(error) || (error instanceof TokenRefused && error.reason === 'expired');

const told = (error: unknown): string => {
  const { code, reason, message } = error as { code?: string; reason?: string; message?: string };
  return [code, reason, message].filter((each) => each !== undefined).join(' ');
};
