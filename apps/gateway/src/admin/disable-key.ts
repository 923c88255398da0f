import { Injectable } from '@nestjs/common';
import { Problem, isKeyId, problem, type Scope } from '@plexsphere/wire';
import type { IssuerKey } from '@plexsphere/wire/commands';
import type { CallingOperator } from './calling-operator';
import { kidOf, requireKeyId } from './kids';
import { OperatorCommands } from './operator-commands';

/** Which key, and why it is to go where that is said. */
export interface ToDisable {
  scope: Scope;
  kid: string;
  reason: string | undefined;
}

/** By its id in the ring. */
type Named = Omit<ToDisable, 'kid'> & { keyId: string };

export interface Disabled {
  state: 'retired' | 'revoked';
  activeKeyId: string;
  epoch: number;
  /** Until when verifiers may not know the key that signs now; null where all do. */
  knownBy: string | null;
}

/** A key goes by whatever its state has for that. */
@Injectable()
export class DisableKey {
  constructor(private readonly rotation: OperatorCommands) {}

  /**
   * At once and for good, whatever its state: tokens by it fail from then on. Without a look at it, but where no key of the
   * ring's own is called so.
   */
  async revoke({ scope, kid }: ToDisable, reason: string, operator: CallingOperator): Promise<Disabled> {
    const revoke = (keyId: string) => this.rotation.ask('signing.revoke', { scope, key_id: keyId, reason }, operator);
    const {
      active_key_id: activeKeyId,
      epoch,
      known_by: knownBy,
    } = await (isKeyId(kid)
      ? revoke(kid).catch(async (error: unknown) => {
          const isNone = error instanceof Problem && error.is('unknownKey');
          const foreign = isNone ? await this.find(scope, kid, operator) : undefined;
          if (foreign === undefined) throw error;
          return revoke(foreign.key_id);
        })
      : revoke((await this.find(scope, kid, operator))?.key_id ?? requireKeyId(kid)));
    return { state: 'revoked', activeKeyId, epoch, knownBy };
  }

  /**
   * Where nothing is lost by it: a staged key signed nothing, and of one that retires the last token is over.
   * @throws Problem as rotation answers; unknownKey
   */
  async putAway({ scope, kid, reason }: ToDisable, operator: CallingOperator): Promise<Disabled> {
    const present = await this.find(scope, kid, operator);
    const key = { scope, reason, keyId: present?.key_id ?? requireKeyId(kid) };
    if (present?.state === 'staged') return this.unstage(key, operator);
    try {
      return await this.close(key, operator);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const closesAnother = error.is('noOpenRotation') || error.is('transitionMismatch');
      // By its state whoever asked sees why: an active key goes when another is promoted, or in an emergency.
      if (present !== undefined && closesAnother) {
        throw new Problem({ ...error.body, kid, state: present.state });
      }
      if (present !== undefined) throw error;
      // It is in the ring no more. Perhaps by this very request, whose answer was lost: then that is the answer.
      if (error.is('requestIdReused')) return this.unstage(key, operator);
      if (closesAnother) throw problem('unknownKey', { field: 'kid' });
      throw error;
    }
  }

  private async find(scope: Scope, kid: string, operator: CallingOperator): Promise<IssuerKey | undefined> {
    const { keys } = await this.rotation.ask('issuer.show', { scope }, operator);
    return keys.find((key) => kidOf(key) === kid);
  }

  private async unstage({ scope, keyId, reason }: Named, operator: CallingOperator): Promise<Disabled> {
    const request = { scope, key_id: keyId, ...(reason !== undefined && { reason }) };
    const { active_key_id: activeKeyId, epoch } = await this.rotation.ask('signing.unstage', request, operator);
    return { state: 'retired', activeKeyId, epoch, knownBy: null };
  }

  private async close({ scope, keyId }: Named, operator: CallingOperator): Promise<Disabled> {
    const closed = await this.rotation.ask('signing.close', { scope, old_key_id: keyId }, operator);
    return { state: 'retired', activeKeyId: closed.new_key_id, epoch: closed.epoch, knownBy: null };
  }
}
