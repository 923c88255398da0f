import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { isMissed } from '@plexsphere/keyring';
import { Bus, LOGGER, Loop, type Logger } from '@plexsphere/service-kit';
import { MOST_CALLED, subjects } from '@plexsphere/wire';
import type { NodeView } from '../views/node-views';

/** A sign of life is a row's column: thousands of Nodes together once a minute, not each by itself at each call. */
const TELL_EVERY_MS = 60_000;

type Called = Pick<NodeView, 'id' | 'calledAt'>;

/** Tells the relays which Nodes have called. Of a Node's first call at once: from then on its token opens nothing again. */
@Injectable()
export class CalledNodes implements OnApplicationBootstrap, OnModuleDestroy {
  private nodes = new Set<string>();
  private streams = new Set<string>();
  private readonly loop: Loop;

  constructor(
    private readonly bus: Bus,
    @Inject(LOGGER) logger: Logger,
  ) {
    const turn = async () => this.tell();
    this.loop = new Loop({ turn, everyMs: TELL_EVERY_MS, failure: 'calls not told', logger });
  }

  onApplicationBootstrap(): void {
    this.loop.start(TELL_EVERY_MS);
  }

  async onModuleDestroy(): Promise<void> {
    await this.loop.stop();
    this.tell();
  }

  note({ id, calledAt }: Called): void {
    if (calledAt === null) this.bus.publish(subjects.httpCalled, { nodes: [id] });
    else this.nodes.add(id);
  }

  /** At once where a state would prove what it holds by itself: there is none on record. */
  noteStream({ id, readAt, stream }: Pick<NodeView, 'id' | 'readAt' | 'stream'>): void {
    if (isMissed(stream.seenAt, new Date(readAt))) this.bus.publish(subjects.httpCalled, { nodes: [], streams: [id] });
    else this.streams.add(id);
  }

  private tell(): void {
    const [nodes, streams] = [[...this.nodes], [...this.streams]];
    this.nodes = new Set();
    this.streams = new Set();
    for (let from = 0; from < Math.max(nodes.length, streams.length); from += MOST_CALLED) {
      const part = (ids: string[]): string[] => ids.slice(from, from + MOST_CALLED);
      this.bus.publish(subjects.httpCalled, { nodes: part(nodes), streams: part(streams) });
    }
  }
}
