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

interface Theft {
  /** What every Node may have refused his messages for. */
  forgeries?: RefusalReason[];
  /** Names of Nodes that followed him, in one ring or both, for a while. */
  captured?: string[];
}

/** Once a command that switches has returned somebody asks at once, again and again; after that, now and then. */
const CLOSE_LOOK_MS = 2_000;
const AGAIN_AFTER_MS = 100;
const NOW_AND_THEN_MS = 400;

/** Whoever is killed takes the question along: a story must not wait half a minute for that answer. */
const SIGNED_WITHIN_MS = 5_000;

/** Every event goes to every Node: of many Nodes fewer a second, or publishing is all that the machine comes to. */
const everyMs = (nodes: number): number => Math.max(500, 20 * nodes);

/** The database runs on this machine; two clocks of it may differ by so much. */
const SLACK_MS = 100;
const monotonic = (at: Date): number => at.getTime() - performance.timeOrigin;

/**
 * P1 to P3, counted over a story whose scope is its Domain: all the while somebody publishes to every Node, and somebody
 * has things signed.
 */
export class Promises {
  private readonly signed: { keyId: string; askedAt: number; answeredAt: number }[] = [];
  private readonly reigns: Reign[] = [];
  private signing = true;
  private readonly asking: Promise<void>;

  private constructor(
    private readonly world: World,
    private readonly operator: OperatorConnection,
    private readonly source: EventSource,
    first: string,
  ) {
    this.reign(first);
    this.asking = this.ask();
  }

  static async watch(world: World, operator: OperatorConnection, activeKeyId: string): Promise<Promises> {
    const { natsUrl, tokenFile } = world.stack;
    const pace = everyMs(world.nodes.length);
    const source = await EventSource.connect({ natsUrl, tokenFile, scope: world.domain, everyMs: pace });
    const promises = new Promises(world, operator, source, activeKeyId);
    source.start();
    world.afterwards(() => promises.end());
    return promises;
  }

  /** A command after whose return this key signs, and no other; its name may come with the reply. */
  async switches<Reply>(
    signsAfterwards: string | ((reply: Reply) => string),
    command: () => Promise<Reply>,
  ): Promise<Reply> {
    await this.interrupt();
    const reply = await command();
    this.reign(typeof signsAfterwards === 'string' ? signsAfterwards : signsAfterwards(reply));
    return reply;
  }

  /** From now on nobody says who signs, until a key reigns again. */
  async interrupt(): Promise<void> {
    // No reign ends in which nobody has looked.
    await this.untilSigned();
    const last = this.reigns.at(-1);
    if (last !== undefined) last.until = performance.now();
  }

  /** The command that has this key sign has returned. */
  reign(keyId: string): void {
    this.reigns.push({ keyId, from: performance.now(), until: Infinity });
  }

  /** Of switches that nobody asked for here: what the database says of each, and of the one after it. */
  async reignsOfRing(): Promise<void> {
    const switches = await this.world.query<{ key_id: string; from: Date | null; until: Date | null }>(
      `SELECT active_key_id AS key_id, switched_at AS "from", lead(changed_at) OVER (ORDER BY epoch) AS until
         FROM ring.ring_change WHERE scope = $1 AND change IN ('create', 'rotate', 'rollback', 'revoke') ORDER BY epoch`,
      [this.world.domain],
    );
    for (const { key_id: keyId, from, until } of switches)
      if (from !== null)
        this.reigns.push({
          keyId,
          from: monotonic(from),
          until: until === null ? Infinity : monotonic(until) - SLACK_MS,
        });
  }

  /**
   * Ends the publishing and signing. Every Node has to run. Each message that was refused broke P1, but those of a thief,
   * and ours that came to a Node of his before it was shown.
   */
  async expectKept({ forgeries = [], captured = [] }: Theft = {}): Promise<void> {
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
      refused: refused.filter(({ reason }) => !forgeries.includes(reason) && !captured.includes(name)),
      applied: applied.map((event) => event.eventId).sort(),
    }));
    expect(summary).toEqual(nodes.map(({ name }) => ({ name, refused: [], applied: published })));
    expect(this.signedOutOfTurn()).toEqual([]);
  }

  /** Asked for after a command had returned, answered before the next one began, and signed by another key than was left. */
  private signedOutOfTurn(): object[] {
    return this.signed.flatMap(({ keyId, askedAt, answeredAt }) => {
      const reign = this.reigns.find(({ from, until }) => from <= askedAt && answeredAt < until);
      return reign === undefined || reign.keyId === keyId ? [] : [{ keyId, instead_of: reign.keyId }];
    });
  }

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
        .ask('signing.sign', { scope: this.world.domain, payload: {} }, SIGNED_WITHIN_MS)
        .catch(() => null);
      const answeredAt = performance.now();
      if (answer?.code === '') this.signed.push({ keyId: String(answer.body['key_id']), askedAt, answeredAt });
      await delay(this.isLookedAtClosely() ? AGAIN_AFTER_MS : NOW_AND_THEN_MS);
    }
  }

  /** While a command is under way, and for a while from its return. */
  private isLookedAtClosely(): boolean {
    const { from = -Infinity, until = Infinity } = this.reigns.at(-1) ?? {};
    return until < Infinity || performance.now() - from < CLOSE_LOOK_MS;
  }

  private async end(): Promise<void> {
    this.signing = false;
    await Promise.all([this.asking, this.source.stop()]);
  }
}
