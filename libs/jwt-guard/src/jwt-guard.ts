import { noteToken, type AccessToken } from './access-token';
import { bearerToken, type BearerRequest } from './bearer';
import type { JwtGuardOptions } from './guard-options';
import { readSettings, type GuardSettings } from './guard-settings';
import { KeyPoller } from './key-poller';
import { tell, type GuardObserver, type RefusalReason } from './reports';
import { lacksScope, type Requirement } from './requirement';
import { TokenRefused } from './token-refused';
import { readHeader, verifyToken } from './verify-token';

/** Lets in who bears a token of one issuer. */
export class JwtGuard {
  private readonly poller: KeyPoller;

  private constructor(
    private readonly settings: GuardSettings,
    private readonly observer: GuardObserver,
  ) {
    this.poller = new KeyPoller(settings, observer.onFetch);
  }

  /**
   * It asks for the issuer's keys from now on, until it is stopped.
   * @throws GuardOptionError
   */
  static start(options: JwtGuardOptions): JwtGuard {
    const { onFetch, onVerify } = options;
    const guard = new JwtGuard(readSettings(options), { onFetch, onVerify });
    guard.poller.start();
    return guard;
  }

  /** Resolves when the issuer's keys have come for the first time. */
  ready(): Promise<void> {
    return this.poller.ready;
  }

  /** Asks for no more keys. Those that are there serve for as long as they would. */
  stop(): void {
    this.poller.stop();
  }

  /**
   * Where a token does not come in a request's header.
   * @throws TokenRefused
   */
  verify(token: string, requirement: Requirement = {}): Promise<AccessToken> {
    return this.told(requirement, () => this.verified(token));
  }

  /**
   * Lets a request in by its Authorization header; `tokenOf` finds its token from then on.
   * @throws TokenRefused
   */
  async admit(request: BearerRequest, requirement: Requirement = {}): Promise<AccessToken> {
    const token = await this.told(requirement, async () => {
      const bearer = bearerToken(request);
      return typeof bearer === 'string' ? bearer : this.verified(bearer.token);
    });
    noteToken(request, token);
    return token;
  }

  private async told(
    { scope }: Requirement,
    verified: () => Promise<AccessToken | RefusalReason>,
  ): Promise<AccessToken> {
    const found = await verified();
    const result = typeof found !== 'string' && lacksScope(found, scope) ? 'insufficient_scope' : found;
    if (typeof result !== 'string') {
      tell(this.observer.onVerify, { result: 'accepted' });
      return result;
    }
    tell(this.observer.onVerify, { result: 'refused', reason: result });
    const { realm, times } = this.settings;
    throw new TokenRefused(result, { realm, scope, retryAfterSeconds: Math.ceil(times.refetchAfterMs / 1_000) });
  }

  private async verified(token: string): Promise<AccessToken | RefusalReason> {
    const header = readHeader(token, this.settings);
    if (typeof header === 'string') return header;
    const keys = await this.poller.current();
    if (keys === undefined) return 'keys_unavailable';
    const found = await verifyToken(token, header, keys, this.settings);
    if (found !== 'unknown_key') return found;
    await this.poller.refetch();
    const newer = await this.poller.current();
    // Who cannot ask the issuer cannot say that it has no such key.
    if (newer === undefined || this.poller.isCutOff) return 'keys_unavailable';
    return newer === keys ? 'unknown_key' : verifyToken(token, header, newer, this.settings);
  }
}
