/** For stories: two services that share secrets, each in several processes' worth of members, and what they say to each other. */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ChannelReceiver, ChannelSender, memberKeys } from '@plexsphere/channel';
import { callListener, webhookListener } from '@plexsphere/channel/node';
import { eventually } from '@plexsphere/testkit';
import { NodeClient, readEnrolment, type Refused } from '@plexsphere/node-sdk';
import { bearerHash, createBusKey, credsText, directionScope, makeSealingPair } from '@plexsphere/wire';
import type { AddMemberReply, CreateChannelReply, RotateReply, ShowChannelReply } from '@plexsphere/wire/commands';
import type { World } from './world';

const SIDES = ['app', 'plugin'] as const;
export type Side = (typeof SIDES)[number];
const otherOf = (side: Side): Side => (side === 'app' ? 'plugin' : 'app');

/** What came of what one member sent. */
export interface Said {
  sent: number;
  /** Anything but a 200, with its text. */
  refused: string[];
}

/** One process of a service: it sends to all members of the other side, and takes what they send. */
export class ServiceMember {
  readonly said: Said = { sent: 0, refused: [] };
  readonly refusedNews: Refused[] = [];
  private client: NodeClient | undefined;
  private receiver: ChannelReceiver | undefined;
  private sender: ChannelSender | undefined;
  private server: Server | undefined;

  constructor(
    readonly name: string,
    private readonly sides: readonly [own: string, other: string],
    private readonly slug: string,
    private readonly folder: string,
    readonly nodeId: string,
  ) {}

  get side(): string {
    return this.sides[0];
  }

  get sends(): string {
    return directionScope(this.slug, ...this.sides);
  }

  get receives(): string {
    return directionScope(this.slug, this.sides[1], this.sides[0]);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server?.address() as AddressInfo).port}`;
  }

  /** Key ids, those to sign by or to verify by. */
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
    this.receiver = new ChannelReceiver({ scope: this.receives, keys: memberKeys(member), observer: member });
    this.sender = new ChannelSender({ scope: this.sends, keys: memberKeys(member), observer: member });
    const calls = callListener(this.receiver, (_, response) => void response.end('ok'));
    const webhooks = webhookListener(this.receiver, (_, response) => void response.end('ok'));
    this.server = createServer((request, response) =>
      (request.url === '/webhooks' ? webhooks : calls)(request, response),
    );
    await new Promise<void>((resolve) => this.server?.listen(0, '127.0.0.1', resolve));
  }

  /** A call and a webhook to another. */
  async say(to: ServiceMember): Promise<void> {
    const body = JSON.stringify({ from: this.name, n: this.said.sent });
    await this.send(to, await this.sender!.call(`${to.url}/orders?n=${this.said.sent}`, { method: 'POST', body }));
    await this.sendWebhook(to, randomUUID());
  }

  /** One as it would arrive. */
  async webhook(): Promise<{ headers: Record<string, string>; body: string }> {
    const body = '{}';
    const [, { headers }] = await this.sender!.webhook('http://localhost/webhooks', { id: randomUUID(), body });
    return { headers, body };
  }

  /** Signed now, however long ago it got its id. */
  async sendWebhook(to: ServiceMember, id: string): Promise<void> {
    const body = JSON.stringify({ from: this.name, id });
    await this.send(to, await this.sender!.webhook(`${to.url}/webhooks`, { id, body }));
  }

  private async send(to: ServiceMember, [url, init]: Parameters<typeof fetch>): Promise<void> {
    const answer = await fetch(url, init);
    const text = await answer.text();
    this.said.sent += 1;
    if (answer.status !== 200) this.said.refused.push(`${this.name} -> ${to.name}: ${text}`);
  }

  async stop(): Promise<void> {
    await new Promise((resolve) => (this.server === undefined ? resolve(0) : this.server.close(resolve)));
    this.server?.closeAllConnections();
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
  /** Those that are stopped, whom nobody calls. */
  readonly away = new Set<ServiceMember>();
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

  /** Has a rotation of that direction opened. */
  async rotate(from: Side): Promise<RotateReply> {
    const operator = await this.world.operator();
    return operator.change<RotateReply>('signing.rotate', { scope: this.direction(from) });
  }

  /** Waits until that key signs, by all that every sender holds. */
  async signsBy(from: Side, keyId: string, members = this.of(from)): Promise<void> {
    await eventually(async () => (await this.ring(from)).active_key_id === keyId, { describe: `${keyId} signing` });
    const scope = this.direction(from);
    await eventually(async () => members.every((member) => member.kids(scope)[0] === keyId), {
      describe: `every sender signing by ${keyId}`,
    });
  }

  /** Closes as soon as that is not refused any more, and waits until nobody holds the old key. */
  async close(from: Side, { old_key_id, new_key_id }: Pick<RotateReply, 'old_key_id' | 'new_key_id'>): Promise<void> {
    const scope = this.direction(from);
    const operator = await this.world.operator();
    const close = { scope, old_key_id, new_key_id, request_id: randomUUID() };
    await eventually(async () => (await operator.ask('signing.close', close)).code === '', { describe: 'the close' });
    await this.holdNo(from, old_key_id);
  }

  async holdNo(from: Side, keyId: string): Promise<void> {
    const held = (): boolean =>
      this.members.some((member) => !this.away.has(member) && member.kids(this.direction(from)).includes(keyId));
    await eventually(async () => !held(), { describe: `nobody holding ${keyId}` });
  }

  async allHold(): Promise<void> {
    const holds = (member: ServiceMember): boolean =>
      [member.sends, member.receives].every((scope) => member.kids(scope).length > 0);
    await eventually(async () => this.members.every(holds), { describe: 'everybody holding both directions' });
  }

  /** Nobody else talks meanwhile. */
  async isQuietFor(work: () => Promise<void>): Promise<void> {
    this.isOver = true;
    await work();
  }

  /** A member that writes for somebody else, by a process of its own. @returns its enrolment file */
  async enrolSink(side: Side, name: string): Promise<string> {
    const path = join(this.folder, `${name}.node.json`);
    const args = ['--slug', this.slug, '--side', side, '--name', name, '--sink', '--out', path];
    await this.world.json(['channel', 'add-member', ...args]);
    return path;
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
    for (const from of this.members) void this.talkFrom(from, pauseMs);
  }

  async show(): Promise<ShowChannelReply> {
    return (await this.world.operator()).look<ShowChannelReply>('channel.show', { slug: this.slug });
  }

  async ring(from: Side): Promise<ShowChannelReply['rings'][number]> {
    const { rings } = await this.show();
    return rings.find(({ scope }) => scope === this.direction(from))!;
  }

  private async talkFrom(from: ServiceMember, pauseMs: number): Promise<void> {
    while (!this.isOver) {
      for (const to of this.members.filter(({ side }) => side !== from.side)) {
        if (!this.isOver && !this.away.has(to) && !this.away.has(from))
          await from.say(to).catch((error: unknown) => this.unreached(from, to, error));
      }
      await delay(pauseMs);
    }
  }

  private unreached(from: ServiceMember, to: ServiceMember, error: unknown): void {
    if (!this.isOver && !this.away.has(to) && !this.away.has(from))
      from.said.refused.push(`${from.name} -> ${to.name}: ${String(error)}`);
  }

  expectNoneRefused(): void {
    expect(this.members.flatMap(({ said }) => said.refused)).toEqual([]);
    expect(this.members.flatMap(({ refusedNews }) => refusedNews)).toEqual([]);
    for (const { said } of this.members) expect(said.sent).toBeGreaterThan(0);
  }

  private async end(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.members.map((member) => member.stop()));
    await rm(this.folder, { recursive: true, force: true });
  }
}
