import { setTimeout as delay } from 'node:timers/promises';
import { EventSource, eventually } from '@plexsphere/testkit';
import type { RefusalReason } from '@plexsphere/node-sdk';
import type { OperatorConnection } from './operator-connection';
import type { World } from './world';

/** While one key is the only one that may sign: from a command's return until the next one is asked for. */
interface Reign {
  keyId: string;
  from: number;
  until: number;
}

const AGAIN_AFTER_MS = 100;

/**
 * P1 to P3, counted over a story whose scope is its Domain: all the while somebody publishes to every Node, and somebody
 * has things signed.
 */
export class Promises {
  private readonly signed: { keyId: string; askedAt: number }[] = [];
  private readonly reigns: Reign[] = [];
  private signing = true;
  private readonly asking: Promise<void>;

  private constructor(
    private readonly world: World,
    private readonly operator: OperatorConnection,
    private readonly source: EventSource,
    first: string,
  ) {
    this.begin(first);
    this.asking = this.ask();
  }

  static async watch(world: World, operator: OperatorConnection, activeKeyId: string): Promise<Promises> {
    const { natsUrl, tokenFile } = world.stack;
    const source = await EventSource.connect({ natsUrl, tokenFile, scope: world.domain });
    const promises = new Promises(world, operator, source, activeKeyId);
    source.start();
    world.afterwards(() => promises.end());
    return promises;
  }

  /** Where nobody could sign before: the command that has this key sign has returned. */
  reignOf(keyId: string): void {
    this.endReign();
    this.begin(keyId);
  }

  /** A command after whose return this key signs, and no other; its name may come with the reply. */
  async switches<Reply>(
    signsAfterwards: string | ((reply: Reply) => string),
    command: () => Promise<Reply>,
  ): Promise<Reply> {
    await this.untilSigned();
    this.endReign();
    const reply = await command();
    this.begin(typeof signsAfterwards === 'string' ? signsAfterwards : signsAfterwards(reply));
    return reply;
  }

  /** Ends the publishing and signing. Every Node has to run. Each message that was refused broke P1, but those of a thief. */
  async expectKept({ forgeries = [] }: { forgeries?: RefusalReason[] } = {}): Promise<void> {
    await this.untilSigned();
    await this.end();
    const { nodes } = this.world;
    const events = await this.world.query<{ event_id: string }>(
      `SELECT event_id FROM outbox.event WHERE epoch IS NULL AND scope = $1`,
      [this.world.domain],
    );
    const published = events.map((event) => event.event_id).sort();
    expect(published).toEqual(expect.arrayContaining(this.source.accepted));
    await eventually(() => nodes.every((node) => node.applied.length >= published.length), {
      timeoutMs: 100_000,
      describe: 'every event at every Node',
    }).catch(() => undefined);
    const summary = nodes.map(({ name, applied, refused }) => ({
      name,
      refused: refused.filter(({ reason }) => !forgeries.includes(reason)),
      applied: applied.map((event) => event.eventId).sort(),
    }));
    expect(summary).toEqual(nodes.map(({ name }) => ({ name, refused: [], applied: published })));
    expect(this.signedOutOfTurn()).toEqual([]);
  }

  /** Asked for after a command had returned, and signed by another key than it left. */
  private signedOutOfTurn(): object[] {
    return this.signed.flatMap(({ keyId, askedAt }) => {
      const reign = this.reigns.find(({ from, until }) => from <= askedAt && askedAt < until);
      return reign === undefined || reign.keyId === keyId ? [] : [{ keyId, instead_of: reign.keyId }];
    });
  }

  private begin(keyId: string): void {
    this.reigns.push({ keyId, from: performance.now(), until: Infinity });
  }

  private endReign(): void {
    const last = this.reigns.at(-1);
    if (last !== undefined) last.until = performance.now();
  }

  /** So that no reign ends in which nobody has looked. */
  private async untilSigned(): Promise<void> {
    const from = this.reigns.at(-1)?.from ?? 0;
    await eventually(() => this.signed.some(({ askedAt }) => askedAt >= from), {
      describe: 'a signature since the last change',
    });
  }

  private async ask(): Promise<void> {
    while (this.signing) {
      const askedAt = performance.now();
      // Nobody may answer while services are killed; whoever does answers by the right key.
      const answer = await this.operator
        .ask('signing.sign', { scope: this.world.domain, payload: {} })
        .catch(() => null);
      if (answer?.code === '') this.signed.push({ keyId: String(answer.body['key_id']), askedAt });
      await delay(AGAIN_AFTER_MS);
    }
  }

  private async end(): Promise<void> {
    this.signing = false;
    await Promise.all([this.asking, this.source.stop()]);
  }
}
