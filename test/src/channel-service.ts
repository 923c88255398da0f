/** For stories: two services that share secrets, each in several processes' worth of members, and what they say to each other. */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { memberKeys } from '@plexsphere/channel';
import { eventually } from '@plexsphere/testkit';
import { NodeClient, readEnrolment, type Refused } from '@plexsphere/node-sdk';
import { bearerHash, createBusKey, credsText, directionScope, makeSealingPair } from '@plexsphere/wire';
import type { AddMemberReply, CreateChannelReply, RotateReply, ShowChannelReply } from '@plexsphere/wire/commands';
import { ChannelEnd } from './channel-end';
import { SinkAndParty } from './sink-and-party';
import type { World } from './world';

const SIDES = ['app', 'plugin'] as const;
export type Side = (typeof SIDES)[number];
const otherOf = (side: Side): Side => (side === 'app' ? 'plugin' : 'app');

/** One process of a service that is a member itself. */
export class ServiceMember extends ChannelEnd {
  readonly refusedNews: Refused[] = [];
  private client: NodeClient | undefined;

  constructor(
    name: string,
    sides: readonly [own: string, other: string],
    slug: string,
    private readonly folder: string,
    readonly nodeId: string,
  ) {
    super(name, sides, slug);
  }

  kids(scope: string): string[] {
    return this.client?.member?.keysFor(scope).map(({ keyId }) => keyId) ?? [];
  }

  async start(): Promise<void> {
    const client = new NodeClient({
      enrolment: await readEnrolment(this.enrolmentFile),
      storeDir: this.storeDir,
      handler: async () => undefined,
      onRefused: (refused) => void this.refusedNews.push(refused),
    });
    await client.start();
    await client.ready();
    const { member } = client;
    if (member === undefined) throw new Error('no member');
    this.client = client;
    await this.listen({ sends: memberKeys(member), receives: memberKeys(member) }, member);
  }

  async stop(): Promise<void> {
    await this.hangUp();
    await this.client?.stop();
    this.client = undefined;
  }

  get storeDir(): string {
    return join(this.folder, `${this.name}.store`);
  }

  get enrolmentFile(): string {
    return join(this.folder, `${this.name}.node.json`);
  }
}

/** A channel with its members, who talk until the story ends. */
export class SharedSecret {
  readonly members: ServiceMember[] = [];
  private readonly sinks: SinkAndParty[] = [];
  /** Those that are stopped, whom nobody calls. */
  readonly away = new Set<ChannelEnd>();
  private isOver = false;

  private constructor(
    private readonly world: World,
    readonly slug: string,
    private readonly folder: string,
  ) {}

  static async create(world: World, slug: string): Promise<SharedSecret> {
    const operator = await world.operator();
    await operator.change<CreateChannelReply>('channel.create', { slug, sides: SIDES });
    const shared = new SharedSecret(world, slug, await mkdtemp(join(tmpdir(), 'channel-')));
    world.afterwards(() => shared.end());
    return shared;
  }

  direction(from: Side): string {
    return directionScope(this.slug, from, otherOf(from));
  }

  async add(side: Side, name: string, { overHttp = false } = {}): Promise<ServiceMember> {
    const operator = await this.world.operator();
    const sealing = makeSealingPair();
    const bus = createBusKey('user');
    const bearer = randomBytes(32).toString('base64url');
    const credential = overHttp ? { bearer_hash: bearerHash(bearer) } : { bus_public_key: bus.publicKey };
    const reply = await operator.change<AddMemberReply>('channel.add-member', {
      ...{ slug: this.slug, side, name, sealing_public_key: sealing.publicKey },
      ...credential,
    });
    const member = new ServiceMember(name, [side, otherOf(side)], this.slug, this.folder, reply.node_id);
    const way = overHttp
      ? { gateways: this.world.gatewayUrls, bearer }
      : { servers: [this.world.stack.signerEndpoint], bus_credential: credsText(reply.bus_jwt ?? '', bus.seed) };
    const enrolment = {
      ...{ node_id: reply.node_id, scope: 'platform', name, bundle: reply.bundle, ...way },
      channel: { slug: this.slug, side, sealing_private_key: sealing.privateKey },
    };
    await writeFile(member.enrolmentFile, JSON.stringify(enrolment), { mode: 0o600 });
    await member.start();
    this.members.push(member);
    return member;
  }

  of(side: Side): ServiceMember[] {
    return this.members.filter((member) => member.side === side);
  }

  /** A member that writes for a party; that talks from when it has what to sign and to verify by. */
  async addSink(side: Side, name: string): Promise<SinkAndParty> {
    const path = join(this.folder, `${name}.node.json`);
    const args = ['--slug', this.slug, '--side', side, '--name', name, '--sink', '--out', path];
    await this.world.json(['channel', 'add-member', ...args]);
    const sink = new SinkAndParty(name, [side, otherOf(side)], this.slug, path);
    this.world.afterwards(() => sink.stop());
    sink.startSink();
    await eventually(async () => sink.holdsBoth, { describe: `what ${name} writes` });
    await sink.startParty();
    this.sinks.push(sink);
    return sink;
  }

  /** It was removed, and so is its party gone. */
  async removeSink(sink: SinkAndParty): Promise<void> {
    await this.world.json(['channel', 'remove-member', '--slug', this.slug, '--name', sink.name]);
    this.away.add(sink);
    this.sinks.splice(this.sinks.indexOf(sink), 1);
    await sink.stop();
  }

  /** Members, and the parties that sinks write for. */
  private get ends(): ChannelEnd[] {
    return [...this.members, ...this.sinks];
  }

  /** Has a rotation of that direction opened. */
  async rotate(from: Side): Promise<RotateReply> {
    const operator = await this.world.operator();
    return operator.change<RotateReply>('signing.rotate', { scope: this.direction(from) });
  }

  /** Waits until that key signs, by all that every sender holds. */
  async signsBy(from: Side, keyId: string): Promise<void> {
    await eventually(async () => (await this.ring(from)).active_key_id === keyId, { describe: `${keyId} signing` });
    const scope = this.direction(from);
    const senders = this.ends.filter(({ side }) => side === from);
    await eventually(async () => senders.every((sender) => sender.kids(scope)[0] === keyId), {
      describe: `every sender signing by ${keyId}`,
    });
  }

  /** Closes as soon as that is not refused any more, and waits until nobody holds the old key. */
  async close(
    from: Side,
    { old_key_id, new_key_id }: Pick<RotateReply, 'old_key_id' | 'new_key_id'>,
    { withinMs = 60_000 } = {},
  ): Promise<void> {
    const scope = this.direction(from);
    const operator = await this.world.operator();
    const close = { scope, old_key_id, new_key_id, request_id: randomUUID() };
    await eventually(async () => (await operator.ask('signing.close', close)).code === '', {
      ...{ describe: 'the close', timeoutMs: withinMs },
    });
    await this.holdNo(from, old_key_id);
  }

  async holdNo(from: Side, keyId: string): Promise<void> {
    const held = (): boolean =>
      this.ends.some((end) => !this.away.has(end) && end.kids(this.direction(from)).includes(keyId));
    await eventually(async () => !held(), { describe: `nobody holding ${keyId}` });
  }

  async allHold(): Promise<void> {
    await eventually(async () => this.ends.every(({ holdsBoth }) => holdsBoth), {
      describe: 'everybody holding both directions',
    });
  }

  /** Nobody else talks meanwhile. */
  async isQuietFor(work: () => Promise<void>): Promise<void> {
    this.isOver = true;
    await work();
  }

  /** Stops it; nobody calls it meanwhile. */
  async leave(member: ServiceMember): Promise<void> {
    this.away.add(member);
    await member.stop();
  }

  /** It was removed, and is waited for by nobody. */
  forget(member: ServiceMember): void {
    this.members.splice(this.members.indexOf(member), 1);
  }

  async comeBack(member: ServiceMember): Promise<void> {
    await member.start();
    this.away.delete(member);
  }

  /** Everybody to everybody of the other side, again and again. */
  talk(pauseMs: number): void {
    for (const from of this.ends) void this.talkFrom(from, pauseMs);
  }

  async show(): Promise<ShowChannelReply> {
    return (await this.world.operator()).look<ShowChannelReply>('channel.show', { slug: this.slug });
  }

  async ring(from: Side): Promise<ShowChannelReply['rings'][number]> {
    const { rings } = await this.show();
    return rings.find(({ scope }) => scope === this.direction(from))!;
  }

  private async talkFrom(from: ChannelEnd, pauseMs: number): Promise<void> {
    while (!this.isOver) {
      for (const to of this.ends.filter(({ side }) => side !== from.side)) {
        if (!this.isOver && !this.away.has(to) && !this.away.has(from))
          await from.say(to).catch((error: unknown) => this.unreached(from, to, error));
      }
      await delay(pauseMs);
    }
  }

  private unreached(from: ChannelEnd, to: ChannelEnd, error: unknown): void {
    if (!this.isOver && !this.away.has(to) && !this.away.has(from))
      from.said.refused.push(`${from.name} -> ${to.name}: ${String(error)}`);
  }

  expectNoneRefused(): void {
    expect(this.ends.flatMap(({ said }) => said.refused)).toEqual([]);
    expect(this.members.flatMap(({ refusedNews }) => refusedNews)).toEqual([]);
    for (const { said } of this.ends) expect(said.sent).toBeGreaterThan(0);
  }

  private async end(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.members.map((member) => member.stop()));
    await rm(this.folder, { recursive: true, force: true });
  }
}
