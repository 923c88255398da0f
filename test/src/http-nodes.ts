/** For stories: Nodes that call over HTTP, each of them as strict as the contract lets it be. */
import { StrictNode, eventually, type Beats } from '@plexsphere/testkit';
import type { World } from './world';

/** Shorter than a daemon's, so that a story does not wait for what it does not tell of. */
const BEATS: Beats = { cutMs: 10_000, heartbeatMs: 7_000, stateMs: 20_000 };
const SOON_MS = 150_000;

export class HttpNodes {
  readonly nodes: StrictNode[] = [];
  private readonly refused: string[] = [];
  private events = 0;

  constructor(private readonly world: World) {
    world.afterwards(async () => void (await Promise.all(this.nodes.map((node) => node.stop()))));
  }

  get urls(): string[] {
    return this.world.gatewayUrls;
  }

  async add(name: string, beats = BEATS): Promise<StrictNode> {
    const { token } = await this.world.json<{ token: string }>([
      ...['node', 'enroll-token', '--scope', this.world.domain],
    ]);
    const identity = await StrictNode.register(this.urls[0]!, token, name);
    const node = new StrictNode(this.urls, identity, beats).start();
    this.nodes.push(node);
    return node;
  }

  /** To all of the Domain's; by what name they know it. */
  async publish(): Promise<string> {
    const { event_id } = await this.world.json<{ event_id: string }>(
      ['events', 'publish', '--scope', this.world.domain, '--event-type', 'policy_updated'],
      `{"n":${(this.events += 1)}}`,
    );
    return event_id;
  }

  async haveAll(eventId: string): Promise<void> {
    const lacking = (): StrictNode[] => this.nodes.filter((node) => node.ended === undefined && !node.has(eventId));
    await eventually(() => lacking().length === 0, {
      timeoutMs: SOON_MS,
      describe: `every Node over HTTP having taken ${eventId}: ${JSON.stringify(this.nodes.map((node) => [node.lastId, node.refusals]))}`,
    });
  }

  /** As rotation counts them. */
  async haveApplied(): Promise<void> {
    const lagging = (): Promise<unknown[]> =>
      this.world.query(
        `SELECT FROM outbox.node_stream s JOIN ring.key_ring r ON r.scope = s.scope
          WHERE s.scope = $1 AND (s.settled_epoch < r.trust_epoch OR s.waits_since IS NOT NULL)`,
        [this.world.domain],
      );
    await eventually(async () => (await lagging()).length === 0, {
      timeoutMs: SOON_MS,
      describe: 'every Node over HTTP having applied the trust epoch',
    });
  }

  /** Another process of the same Node: it holds the key of its registration day, and no id. */
  async restart(node: StrictNode): Promise<StrictNode> {
    await node.stop();
    const again = new StrictNode(this.urls, node.identity, node.beats).start();
    this.nodes.splice(this.nodes.indexOf(node), 1, again);
    this.refused.push(...node.refusals, ...(node.ended === undefined ? [] : [node.ended]));
    return again;
  }

  async rotate(newKeyId: string): Promise<void> {
    await this.world.json(['signing', 'rotate', '--scope', this.world.domain, '--new-key-id', newKeyId]);
  }

  async close(oldKeyId: string, newKeyId: string): Promise<void> {
    await this.world.json([
      ...['signing', 'close', '--scope', this.world.domain, '--old', oldKeyId, '--new', newKeyId],
    ]);
  }

  get refusals(): string[] {
    const now = this.nodes.flatMap((node) => [...node.refusals, ...(node.ended === undefined ? [] : [node.ended])]);
    return [...this.refused, ...now];
  }
}

export const nodesOf = (world: World): HttpNodes => world.kept.get('nodes') as HttpNodes;
