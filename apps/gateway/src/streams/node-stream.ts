import { setTimeout as delay } from 'node:timers/promises';
import {
  beginStream,
  onDrift,
  onGap,
  onMessage,
  onRing,
  onRow,
  onTime,
  type Hearing,
  type GoRing,
  type StreamLife,
  type StreamWord,
  type Turn,
} from '@plexsphere/keyring';
import type { Scope } from '@plexsphere/wire';
import type { EventSource } from './event-source';
import type { Msg } from 'nats';
import { readHttpMessage, type HttpMessage } from './http-message';
import type { OpenStream } from './open-stream';
import type { StreamRow } from './stream-rows';

/** What a stream needs of its gateway. */
export interface StreamGround {
  hearing: (nodeId: string) => Hearing;
  readRow: (nodeId: string) => Promise<StreamRow | undefined>;
  say: (nodeId: string, word: StreamWord) => void;
  /** Resolves when everything was heard that was told before, or it will never be. */
  catchUp: () => Promise<unknown>;
  failed: (nodeId: string, error: unknown) => void;
}

/** How long before a row that could not be read is read again. */
const READ_AGAIN_MS = 500;

/** The stream of a Node that reads no statement: what the domain decides about it, done. */
export class NodeStream implements OpenStream {
  private life: StreamLife<HttpMessage>;
  private isReading = false;
  private isDue = false;

  constructor(
    readonly nodeId: string,
    readonly scope: Scope,
    begins: { id: string; patienceMs: number; row: StreamRow },
    private readonly source: EventSource,
    private readonly ground: StreamGround,
  ) {
    const { row, ...stream } = begins;
    const turn = beginStream<HttpMessage>(stream, row.presented, row, this.hearing.now);
    this.life = turn.stream;
    this.take(turn);
  }

  get waits(): boolean {
    return this.life.mode === 'waits';
  }

  hear(raw: Msg): void {
    const message = readHttpMessage(raw);
    if (message !== undefined) this.take(onMessage(this.life, message, this.hearing));
  }

  gap(): void {
    this.take(onGap(this.life, this.hearing.now));
  }

  ringChanged(ring: GoRing): void {
    this.take(onRing(this.life, ring, this.hearing.now));
  }

  drifted(drift: { stateId: string; setsKeys: boolean }): void {
    this.take(onDrift(this.life, drift, this.hearing));
  }

  tick(): void {
    this.take(onTime(this.life, this.hearing));
    this.source.keepAlive();
  }

  end(): void {
    this.source.end();
  }

  cut(): void {
    this.source.cut();
  }

  private take({ stream, deeds }: Turn<HttpMessage>): void {
    if (this.source.isOver) return;
    this.life = stream;
    for (const deed of deeds) {
      if (deed.kind === 'write') this.write(deed.message);
      else if (deed.kind === 'say') this.ground.say(this.nodeId, deed.word);
      else if (deed.kind === 'end') this.end();
      else if (deed.kind === 'catchUp') void this.ground.catchUp().then(() => this.tick());
      else void this.look();
    }
  }

  /** News of keys have no id: the Node's own place in its stream is not moved by them. */
  private write(message: HttpMessage): void {
    this.source.put(message.eventType, message.body, message.kind === 'key' ? undefined : message.position);
  }

  /** One reading at a time: what asks for it meanwhile gets one that began later. */
  private async look(): Promise<void> {
    this.isDue = true;
    if (this.isReading) return;
    this.isReading = true;
    while (this.isDue && !this.source.isOver) {
      this.isDue = false;
      try {
        const row = await this.ground.readRow(this.nodeId);
        // Whoever is enrolled no more is told so when it asks again.
        if (row === undefined) this.end();
        else this.take(onRow(this.life, row, this.hearing.now));
      } catch (error) {
        this.ground.failed(this.nodeId, error);
        this.isDue = true;
        await delay(READ_AGAIN_MS, undefined, { ref: false });
      }
    }
    this.isReading = false;
  }

  private get hearing(): Hearing {
    return this.ground.hearing(this.nodeId);
  }
}
