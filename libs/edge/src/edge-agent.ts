/** What the agent, and a command without one, do with a Node's folder. One change at a time, in the order of asking. */
import type { Handler, Logger, NodeObserver } from '@plexsphere/node-sdk';
import type { EdgeChanged, EdgeStatus } from './types';

/** What the agent tells as it happens; each is called at once and must not throw. */
export interface EdgeObserver extends NodeObserver {
  /** Another key, or another token; why: somebody asked here, a fleet run did, or it was time. */
  onChanged?: (changed: EdgeChanged & { what: 'key' | 'token'; why: 'asked' | 'fleet' | 'due' }) => void;
  /** A change that somebody asked for, or that was due, did not come about: it is tried again where it can be. */
  onFailed?: (failed: { what: 'key' | 'token' | 'ask'; code: string; about: string }) => void;
  /** The platform does not know this Node, or its key, any more: the agent is to stop and say so. Told once. */
  onOver?: (over: { status: 'revoked' | 'removed' | 'superseded' }) => void;
}

export interface EdgeAgentOptions extends EdgeObserver {
  folder: string;
  logger?: Logger;
  /** For tests. */
  now?: () => Date;
}

export interface EdgeAgent {
  status(): EdgeStatus;
  /**
   * Settles what is pending, goes on connecting until stop(), hears orders, renews the token at two thirds of its life, and
   * deletes old keys whose time is over.
   */
  start(handler: Handler): Promise<void>;
  /** Another key; resolves when the platform has ended the old one, or where it is still to. */
  rotateKeys(order: { keepOldMs: number }): Promise<EdgeChanged>;
  /** A newer token, which replaces the one that is held. */
  refreshToken(): Promise<EdgeChanged>;
  /** Deregisters (unless `localOnly`), then deletes all that is here. The agent is stopped by it. */
  logout(order: { localOnly: boolean }): Promise<void>;
  /** Lets go of the connection and of the folder. */
  stop(): Promise<void>;
}
