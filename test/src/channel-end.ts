/** For stories: what signs and verifies at one end of a channel, over HTTP of its own, wherever its keys come from. */
import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ChannelReceiver, ChannelSender, type ChannelKeys, type ChannelObserver } from '@plexsphere/channel';
import { callListener, webhookListener } from '@plexsphere/channel/node';
import { directionScope, type Scope } from '@plexsphere/wire';

/** What came of what one end sent. */
export interface Said {
  sent: number;
  /** Anything but a 200, with its text. */
  refused: string[];
}

/** It sends to all ends of the other side, and takes what they send. */
export abstract class ChannelEnd {
  readonly said: Said = { sent: 0, refused: [] };
  private sender: ChannelSender | undefined;
  private server: Server | undefined;

  constructor(
    readonly name: string,
    private readonly sides: readonly [own: string, other: string],
    private readonly slug: string,
  ) {}

  /** Key ids, those to sign by or to verify by. */
  abstract kids(scope: string): string[];

  get side(): string {
    return this.sides[0];
  }

  get sends(): Scope {
    return directionScope(this.slug, ...this.sides);
  }

  get receives(): Scope {
    return directionScope(this.slug, this.sides[1], this.sides[0]);
  }

  get holdsBoth(): boolean {
    return [this.sends, this.receives].every((scope) => this.kids(scope).length > 0);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server?.address() as AddressInfo).port}`;
  }

  /** A call and a webhook to another. */
  async say(to: ChannelEnd): Promise<void> {
    const body = JSON.stringify({ from: this.name, n: this.said.sent });
    await this.send(to, await this.sender!.call(`${to.url}/orders?n=${this.said.sent}`, { method: 'POST', body }));
    await this.sendWebhook(to, randomUUID());
  }

  /** Signed now, however long ago it got its id. */
  async sendWebhook(to: ChannelEnd, id: string): Promise<void> {
    const body = JSON.stringify({ from: this.name, id });
    await this.send(to, await this.sender!.webhook(`${to.url}/webhooks`, { id, body }));
  }

  protected async listen(
    keys: { sends: ChannelKeys; receives: ChannelKeys },
    observer?: ChannelObserver,
  ): Promise<void> {
    const receiver = new ChannelReceiver({ scope: this.receives, keys: keys.receives, observer });
    this.sender = new ChannelSender({ scope: this.sends, keys: keys.sends, observer });
    const calls = callListener(receiver, (_, response) => void response.end('ok'));
    const webhooks = webhookListener(receiver, (_, response) => void response.end('ok'));
    this.server = createServer((request, response) =>
      (request.url === '/webhooks' ? webhooks : calls)(request, response),
    );
    await new Promise<void>((resolve) => this.server?.listen(0, '127.0.0.1', resolve));
  }

  protected async hangUp(): Promise<void> {
    await new Promise((resolve) => (this.server === undefined ? resolve(0) : this.server.close(resolve)));
    this.server?.closeAllConnections();
  }

  private async send(to: ChannelEnd, [url, init]: Parameters<typeof fetch>): Promise<void> {
    const answer = await fetch(url, init);
    const text = await answer.text();
    this.said.sent += 1;
    if (answer.status !== 200) this.said.refused.push(`${this.name} -> ${to.name}: ${text}`);
  }
}
