/** What the agent, and a command without one, do with a Node's folder. One change at a time, in the order of asking. */
import { setTimeout as delay } from 'node:timers/promises';
import { NodeClient, NodeSdkError, type Handler, type Logger, type NodeObserver } from '@plexsphere/node-sdk';
import { EdgeError } from './edge-error';
import { KeyEngine } from './engine/key-engine';
import { knock } from './engine/knock';
import { statusOf } from './engine/status';
import { Upkeep } from './engine/upkeep';
import { busCredentialOf, type Creds } from './folder/creds';
import { EdgeFolder, readHeld, type Held } from './folder/edge-folder';
import { busEnrolment } from './folder/identity';
import { KeyCalls } from './gateway/key-calls';
import { ServerClock } from './gateway/server-clock';
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

/** For how long stop() waits for a gateway that answers nothing. */
const STOP_PATIENCE_MS = 5_000;

export interface EdgeAgent {
  status(): Promise<EdgeStatus>;
  /**
   * Goes on connecting until stop(), settles what is pending, hears orders, renews the token at two thirds of its life, changes
   * the key when policy wants another one, and deletes old keys whose time is over.
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

/**
 * Takes the folder, until stop().
 * @throws EdgeError `not_enrolled`, `state_in_use`, `state_damaged`, `creds_disagree`, `readable_by_others`
 */
export async function openEdgeAgent(options: EdgeAgentOptions): Promise<EdgeAgent> {
  // Before anything is made there: where nothing is enrolled, nothing is to be.
  if ((await readHeld(options.folder)) === undefined) throw new EdgeError('not_enrolled', options.folder);
  const folder = await EdgeFolder.open(options.folder);
  try {
    const held = await folder.held();
    if (held === undefined) throw new EdgeError('not_enrolled', options.folder);
    return new HeldAgent(folder, held, options);
  } catch (error) {
    folder.close();
    throw error;
  }
}

class HeldAgent implements EdgeAgent {
  private readonly now: () => Date;
  private readonly clock: ServerClock;
  private readonly calls: KeyCalls;
  private readonly engine: KeyEngine;
  private client: NodeClient | undefined;
  private upkeep: Upkeep | undefined;
  private isConnected = false;
  private isStopped = false;
  /** One at a time, in order. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly folder: EdgeFolder,
    held: Held,
    private readonly options: EdgeAgentOptions,
  ) {
    this.now = options.now ?? (() => new Date());
    this.clock = new ServerClock(this.now);
    this.calls = new KeyCalls(held.identity, this.clock);
    const { folder: place, calls, clock, now } = this;
    this.engine = new KeyEngine({ folder: place, held, calls, clock, now, move: (creds) => this.move(creds) });
  }

  async status(): Promise<EdgeStatus> {
    const connected = this.client === undefined ? null : this.isConnected;
    const archive = await this.folder.archivedKeys();
    return statusOf({ ...this.engine.held, archive }, { now: this.clock.now(), connected });
  }

  async start(handler: Handler): Promise<void> {
    const { options, engine } = this;
    const { identity, creds } = engine.held;
    const upkeep = new Upkeep({
      engine,
      clock: this.clock,
      inTurn: (work) => this.inTurn(work),
      isConnected: () => this.isConnected,
      observer: options,
    });
    const client = new NodeClient({
      ...options,
      enrolment: busEnrolment(identity, creds),
      storeDir: this.folder.trust,
      allowPlaintext: identity.allowPlaintext,
      handler,
      onConnected: () => {
        this.isConnected = true;
        options.onConnected?.();
        upkeep.look();
      },
      onDisconnected: () => {
        this.isConnected = false;
        options.onDisconnected?.();
        // Put out, perhaps: then there is a reason to be had.
        upkeep.look();
      },
      onTurnedAway: (turnedAway) => {
        options.onTurnedAway?.(turnedAway);
        upkeep.look();
      },
      onOrder: () => upkeep.look(),
    });
    await client.start();
    this.client = client;
    this.upkeep = upkeep;
    upkeep.start();
  }

  rotateKeys({ keepOldMs }: { keepOldMs: number }): Promise<EdgeChanged> {
    return this.told('key', () => this.engine.changeKey(keepOldMs));
  }

  refreshToken(): Promise<EdgeChanged> {
    return this.told('token', () => this.engine.newToken(true));
  }

  async logout({ localOnly }: { localOnly: boolean }): Promise<void> {
    await this.inTurn(async () => {
      if (!localOnly) await this.engine.deregister();
      await this.stopClient();
      await this.folder.deleteAll();
    });
  }

  async stop(): Promise<void> {
    if (this.isStopped) return;
    this.isStopped = true;
    this.upkeep?.stop();
    // What is cut short here is gone on with at the next start.
    await Promise.race([this.turn, delay(STOP_PATIENCE_MS, undefined, { ref: false })]);
    this.calls.close();
    await this.turn;
    await this.stopClient();
    this.folder.close();
  }

  private async told(what: 'key' | 'token', work: () => Promise<EdgeChanged>): Promise<EdgeChanged> {
    const changed = await this.inTurn(work);
    this.options.onChanged?.({ ...changed, what, why: 'asked' });
    this.upkeep?.look();
    return changed;
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.turn.then(work);
    this.turn = done.catch(() => undefined);
    return done;
  }

  private async stopClient(): Promise<void> {
    this.upkeep?.stop();
    await this.client?.stop();
    this.client = undefined;
    this.isConnected = false;
  }

  /** @throws EdgeError not_moved */
  private async move(creds: Creds): Promise<void> {
    if (this.client === undefined) return knock(this.engine.held.identity, creds);
    try {
      await this.client.move(busCredentialOf(creds));
    } catch (error) {
      if (error instanceof NodeSdkError) throw new EdgeError('not_moved', error.about);
      throw error;
    }
  }
}
