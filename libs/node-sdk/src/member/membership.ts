/** A Node as a channel's member, as the application has it: the same over each start and stop of the client. */
import { NodeSdkError } from '../node-sdk-error';
import type { ChannelMember, MemberKey, MemberRing } from './channel-member';
import type { RunningMember } from './running-member';

export class Membership implements ChannelMember {
  private running: RunningMember | undefined;
  private readonly listeners = new Set<(scope: string) => void>();

  constructor(
    readonly slug: string,
    readonly side: string,
  ) {}

  get rings(): MemberRing[] {
    return this.running?.rings ?? [];
  }

  keysFor(scope: string): MemberKey[] {
    if (this.running === undefined) throw new NodeSdkError('not_started');
    return this.running.keysFor(scope);
  }

  onChange(listener: (scope: string) => void): () => void {
    // Of its own, so that whoever listens twice ends the one that they mean.
    const own = (scope: string): void => listener(scope);
    this.listeners.add(own);
    return () => void this.listeners.delete(own);
  }

  signed(scope: string, keyId: string): void {
    this.running?.signed(scope, keyId);
  }

  verified(scope: string, keyId: string, alone: boolean): void {
    this.running?.verified(scope, keyId, alone);
  }

  refused(scope: string, reason: string): void {
    this.running?.refused(scope, reason);
  }

  withdraw(scope: string): void {
    this.running?.withdraw(scope);
  }

  begin(running: RunningMember): void {
    this.running = running;
  }

  changed(scope: string): void {
    for (const listener of this.listeners) listener(scope);
  }

  end(): void {
    this.running = undefined;
  }
}
