/** For stories: a Domain's Nodes that call over HTTP, each of them as strict as the contract lets it be. */
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { StrictNode, eventually, type Beats, type Identity, type StrictKeys } from '@plexsphere/testkit';
import type { PublishReply } from '@plexsphere/wire/commands';
import { OperatorConnection } from './operator-connection';
import type { World } from './world';

/** Shorter than a daemon's, so that a story does not wait for what it does not tell of. */
const BEATS: Beats = { cutMs: 3_000, heartbeatMs: 2_000, stateMs: 7_000 };
/** As a daemon's are, in the same instant. */
export const DAEMON_BEATS: Beats = { cutMs: 30_000, heartbeatMs: 30_000, stateMs: 3_600_000 };
const SOON_MS = 150_000;
const EACH_MS = 500;
const LOOK_AGAIN_MS = 400;

export class HttpNodes {
  readonly nodes: StrictNode[] = [];
  /** Processes of theirs that are no more. */
  private readonly former: StrictNode[] = [];
  /** Every key that any of them was told of, and took. */
  readonly everTrusted = new Set<string>();
  private readonly published: string[] = [];
  /** One after the other: of two at once nobody could say which is first. */
  private publishing: Promise<unknown> = Promise.resolve();
  private steady: { isOver: boolean; running: Promise<void> } | undefined;
  private keys = 1;
  private events = 0;

  private constructor(
    private readonly world: World,
    readonly operator: OperatorConnection,
  ) {}

  /** In a Domain of their own, whose first key is k1. */
  static async begin(world: World): Promise<HttpNodes> {
    const operator = await OperatorConnection.open(world);
    await operator.change('domain.create', { id: world.domainId, key_id: 'k1' });
    const nodes = new HttpNodes(world, operator);
    world.afterwards(() => nodes.end());
    return nodes;
  }

  /** Of the gateways. */
  get urls(): string[] {
    const names = this.world.stack.services('gateway').map(({ name }) => name);
    return names.flatMap((name) => this.world.stack.gatewayUrl(name) ?? []);
  }

  /** `through`: where it calls, if not at the gateways themselves. */
  async add(name: string, beats: Partial<Beats> = {}, through?: readonly string[]): Promise<StrictNode> {
    const token = randomBytes(24).toString('base64url');
    const token_hash = createHash('sha256').update(token).digest('hex');
    await this.operator.change('node.enroll-token', { scope: this.world.domain, token_hash });
    const identity = await StrictNode.register(this.urls[0]!, token, name);
    return this.run(through ?? this.urls, identity, { ...BEATS, ...beats });
  }

  addSome(count: number, beats: Partial<Beats> = {}): Promise<StrictNode[]> {
    return Promise.all(Array.from({ length: count }, (_, index) => this.add(`edge-${index + 1}`, beats)));
  }

  /** Another process of the same Node: it holds the key of its registration day, and no id. */
  async restart(node: StrictNode, beats = node.beats): Promise<StrictNode> {
    await node.stop();
    return this.replace(node, beats);
  }

  /** The same beside the former one, which goes on. */
  replace(node: StrictNode, beats = node.beats): StrictNode {
    this.nodes.splice(this.nodes.indexOf(node), 1);
    this.former.push(node);
    return this.run(node.urls, node.identity, beats);
  }

  /** To all of the Domain's, or to one; by what name they know it. */
  publish(payload: object = { n: (this.events += 1) }, to?: StrictNode): Promise<string> {
    const published = this.publishing.then(async () => {
      const { event_id } = await this.operator.change<PublishReply>('events.publish', {
        ...(to === undefined ? { scope: this.world.domain } : { node_id: to.id }),
        ...{ event_type: 'policy_updated', payload: JSON.stringify(payload) },
      });
      this.published.push(event_id);
      return event_id;
    });
    this.publishing = published.catch(() => undefined);
    return published;
  }

  /** All the while, until `expectKept`. */
  publishSteadily(everyMs = 1_000): void {
    const steady = { isOver: false, running: Promise.resolve() };
    const run = async (): Promise<void> => {
      for (; !steady.isOver; await delay(everyMs)) await this.publish();
    };
    steady.running = run();
    // Awaited at the end, however early it fails.
    steady.running.catch(() => undefined);
    this.steady = steady;
  }

  /** @returns the new key's id */
  async rotate(): Promise<string> {
    const new_key_id = `k${(this.keys += 1)}`;
    await this.operator.change('signing.rotate', { scope: this.world.domain, new_key_id });
    return new_key_id;
  }

  async close({ force = false } = {}): Promise<void> {
    const named = { old_key_id: `k${this.keys - 1}`, new_key_id: `k${this.keys}` };
    await this.operator.change('signing.close', { scope: this.world.domain, ...named, force });
  }

  /** `before`: how many stand before it. They come one after the other, some fifty a second, or ten where others work. */
  async haveAll(eventId: string, nodes: readonly StrictNode[] = this.nodes, { before = 0 } = {}): Promise<void> {
    const lacking = (): StrictNode[] => nodes.filter((node) => node.ended === undefined && !node.has(eventId));
    await this.until(() => lacking().length === 0, `having taken ${eventId}`, SOON_MS + before * EACH_MS);
  }

  /** As rotation counts them. */
  haveApplied(nodes: readonly StrictNode[] = this.nodes): Promise<void> {
    // Each look is a connection to the database: of many stories at once, not ten a second.
    const look = async (): Promise<boolean> => (await this.applied(nodes)) || delay(LOOK_AGAIN_MS, false);
    return this.until(look, 'having applied the trust epoch');
  }

  async applied(nodes: readonly StrictNode[]): Promise<boolean> {
    const lagging = await this.world.query(
      `SELECT FROM outbox.node_stream s JOIN ring.key_ring r ON r.scope = s.scope
        WHERE s.node_id = ANY ($1) AND (s.settled_epoch < r.trust_epoch OR s.waits_since IS NOT NULL)`,
      [nodes.map(({ id }) => id)],
    );
    return lagging.length === 0;
  }

  /**
   * Ends the publishing. P1: nothing that is ours was refused, but what a story says may be. P3: each Node has taken every
   * event that was for it, and each of its processes those that it took in the order in which they were published, however
   * often it took one; unless it refused one, which then came again behind what followed it.
   */
  async expectKept({ refused = [] as readonly string[] } = {}): Promise<void> {
    await this.endPublishing();
    const known = await this.world.query<{ event_id: string }>('SELECT event_id FROM outbox.event WHERE scope = $1', [
      this.world.domain,
    ]);
    expect(known.map((event) => event.event_id)).toEqual(expect.arrayContaining(this.published));
    for (const { id } of this.nodes) {
      const due = await this.eventsFor(id);
      const processes = [...this.former, ...this.nodes].filter((process) => process.id === id);
      const taken = (): Set<string> => new Set(processes.flatMap(({ taken }) => taken));
      const missing = (): string[] => due.filter((eventId) => !taken().has(eventId));
      await this.until(() => missing().length === 0, 'having taken every event').catch(() => undefined);
      expect({ id, missing: missing() }).toEqual({ id, missing: [] });
      for (const each of processes.filter(({ refusals }) => refusals.length === 0)) {
        const own = [...new Set(each.taken)].filter((eventId) => due.includes(eventId));
        expect({ id, taken: own }).toEqual({ id, taken: due.filter((eventId) => own.includes(eventId)) });
      }
    }
    expect(this.refusals).toEqual(refused);
  }

  get refusals(): string[] {
    return [...this.former, ...this.nodes].flatMap((node) => [
      ...node.refusals,
      ...(node.ended === undefined ? [] : [node.ended]),
    ]);
  }

  /** Those that were published, in their order. */
  private async eventsFor(nodeId: string): Promise<string[]> {
    const events = await this.world.query<{ event_id: string }>(
      `SELECT e.event_id FROM outbox.message m JOIN outbox.event e USING (event_id)
        WHERE m.node_id = $1 ORDER BY m.id`,
      [nodeId],
    );
    return events.map((event) => event.event_id);
  }

  private async until(condition: () => boolean | Promise<boolean>, what: string, timeoutMs = SOON_MS): Promise<void> {
    await eventually(condition, { timeoutMs }).catch(async () => {
      const stand = this.nodes.map(({ id, lastId, streams, refusals, ended }) => ({
        id,
        lastId,
        streams,
        refusals,
        ended,
      }));
      throw new Error(`Nodes over HTTP not ${what}: ${JSON.stringify(stand)}`);
    });
  }

  private run(urls: readonly string[], identity: Identity, beats: Beats): StrictNode {
    const trusts = ({ current }: StrictKeys): unknown => this.everTrusted.add(current);
    const node = new StrictNode(urls, identity, beats, { trusts });
    this.nodes.push(node.start());
    return node;
  }

  private async endPublishing(): Promise<void> {
    if (this.steady === undefined) return;
    this.steady.isOver = true;
    await this.steady.running;
  }

  private async end(): Promise<void> {
    await this.endPublishing().catch(() => undefined);
    await Promise.all([...this.former, ...this.nodes].map((node) => node.stop()));
  }
}
