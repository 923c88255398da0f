import { Injectable } from '@nestjs/common';
import { Bus } from '@plexsphere/service-kit';
import {
  Problem,
  SIGNING_DURATION_MS,
  problem,
  subjects,
  type AnySignerVerb,
  type Scope,
  type ScopeSignerVerb,
} from '@plexsphere/wire';
import { LeaseBook, type ClockOff } from './lease-book';
import { LaterStatements } from './later-statements';

/** What signs for no scope is done once, so it is waited for longer than a signature that could be asked for again. */
const ANY_TIMEOUT_MS = 3_000;

/** Asks the signers, and says why where none can answer: as far as the leases tell. */
@Injectable()
export class Signers {
  constructor(
    private readonly bus: Bus,
    private readonly leases: LeaseBook,
    private readonly later: LaterStatements,
  ) {}

  /** Something that is harmless to do twice. @throws Problem as `Bus.askSigner`, and as `explained` */
  async ask<Reply extends object>(
    scope: Scope,
    verb: ScopeSignerVerb,
    body: object,
    isAnswer: (reply: Partial<Reply>) => boolean,
  ): Promise<Reply> {
    try {
      return await this.bus.askSigner<Reply>(subjects.scopeSigner(scope, verb), body, SIGNING_DURATION_MS, isAnswer);
    } catch (error) {
      throw await this.explained(error, scope);
    }
  }

  /** Work that signs for no scope. @throws Problem as `Bus.request`, and as `explained` */
  async askAny<Reply>(verb: AnySignerVerb, body: object): Promise<Reply> {
    try {
      return await this.request<Reply>(subjects.anySigner(verb), body, ANY_TIMEOUT_MS);
    } catch (error) {
      throw await this.explained(error);
    }
  }

  /** One signer and no other. @throws Problem as `Bus.request` */
  askThat<Reply>(holder: string, verb: 'load-key', body: object, timeoutMs: number): Promise<Reply> {
    return this.request<Reply>(subjects.thatSigner(holder, verb), body, timeoutMs);
  }

  private request<Reply>(subject: string, body: object, timeoutMs: number): Promise<Reply> {
    return this.bus.request<Reply>(subject, body, { timeoutMs, unavailable: 'noSigner' });
  }

  /**
   * Why no signer serves: the scope is stopped, or clocks are wrong, which are named. Anything else, and what cannot be
   * explained while the database is away, comes back as it is.
   */
  async explained(error: unknown, scope?: Scope): Promise<unknown> {
    if (!(error instanceof Problem) || !(error.is('noSigner') || error.is('noLease'))) return error;
    try {
      if (scope !== undefined && (await this.later.stopped()).has(scope)) return problem('epochWentBack');
      const clocks = await this.leases.clocksOff();
      return clocks.length === 0 ? error : problem('noSigner', { clocks: clocks.map(clockView) });
    } catch {
      return error;
    }
  }
}

const clockView = ({ holder, offMs }: ClockOff) => ({ holder, off_by_seconds: Math.round(offMs / 1_000) });
