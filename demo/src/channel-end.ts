import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { ChannelReceiver, ChannelSender, memberKeys } from '@plexsphere/channel';
import { callListener, webhookListener } from '@plexsphere/channel/node';
import { NodeClient, readEnrolment } from '@plexsphere/node-sdk';

export interface ChannelEndOptions {
  enrolmentFile: string;
  storeDir: string;
  /** The ring that it signs in, and the one that it verifies in. */
  sends: string;
  receives: string;
}

/** What came of sending on and on. */
export interface Sent {
  messages: number;
  /** In the other's words. */
  refusals: string[];
}

const PAUSE_MS = 25;

/** One of the two services of a channel: a member of it, which calls the other one and takes its calls. */
export class ChannelEnd {
  readonly sent: Sent = { messages: 0, refusals: [] };
  private isSending = false;
  private sending: Promise<void> | undefined;

  private constructor(
    private readonly node: NodeClient,
    private readonly server: Server,
    private readonly sender: ChannelSender,
  ) {}

  static async start({ enrolmentFile, storeDir, sends, receives }: ChannelEndOptions): Promise<ChannelEnd> {
    const enrolment = await readEnrolment(enrolmentFile);
    const node = new NodeClient({ enrolment, storeDir, handler: async () => undefined });
    const { member } = node;
    if (member === undefined) throw new Error(`${enrolmentFile} makes nobody a channel's member`);
    await node.start();
    const keys = memberKeys(member);
    const receiver = new ChannelReceiver({ scope: receives, keys, observer: member });
    const calls = callListener(receiver, (_, response) => void response.end());
    const webhooks = webhookListener(receiver, (_, response) => void response.end());
    const server = createServer((request, response) =>
      (request.url === '/webhooks' ? webhooks : calls)(request, response),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new ChannelEnd(node, server, new ChannelSender({ scope: sends, keys, observer: member }));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Whether it can sign, and verify what the other signs. */
  holds(...scopes: string[]): boolean {
    return scopes.every((scope) => (this.node.member?.keysFor(scope).length ?? 0) > 0);
  }

  /** A call and a webhook, again and again. */
  startSending(to: ChannelEnd): void {
    this.isSending = true;
    this.sending = this.sendOn(to);
  }

  async stopSending(): Promise<void> {
    this.isSending = false;
    await this.sending;
  }

  async stop(): Promise<void> {
    await this.stopSending();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    await this.node.stop();
  }

  private async sendOn(to: ChannelEnd): Promise<void> {
    while (this.isSending) {
      const id = randomUUID();
      const body = JSON.stringify({ id });
      await this.send(await this.sender.call(`${to.url}/orders`, { method: 'POST', body }));
      await this.send(await this.sender.webhook(`${to.url}/webhooks`, { id, body }));
      await delay(PAUSE_MS);
    }
  }

  private async send(message: Parameters<typeof fetch>): Promise<void> {
    const answer = await fetch(...message);
    const text = await answer.text();
    this.sent.messages += 1;
    if (!answer.ok) this.sent.refusals.push(text);
  }
}
