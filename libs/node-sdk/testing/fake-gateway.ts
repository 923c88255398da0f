/** The least gateway that a Node can live with, before a FakeRelay's bus: one Node, no database. For specs only. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  CODES,
  headers as names,
  helloOfHeaders,
  readAck,
  readHello,
  routePath,
  subjects,
  type Code,
} from '@plexsphere/wire';
import { connect, Events, type NatsConnection } from 'nats';

export const BEARER = 'the-nodes-own-token';

export class FakeGateway {
  readonly asked: { method: string; path: string; headers: IncomingMessage['headers'] }[] = [];
  /** Instead of an answer, until it is undefined again. */
  answers: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  readonly open = new Set<ServerResponse>();
  private readonly server: Server;
  private isBusAway = false;

  private constructor(
    private readonly bus: NatsConnection,
    private readonly nodeId: string,
  ) {
    this.server = createServer((request, response) => void this.take(request, response));
    void this.watchBus();
  }

  static async start(busUrl: string, nodeId: string): Promise<FakeGateway> {
    const bus = await connect({ servers: busUrl, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
    const gateway = new FakeGateway(bus, nodeId);
    await new Promise<void>((resolve) => gateway.server.listen(0, '127.0.0.1', resolve));
    return gateway;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await this.bus.close();
  }

  /** The paths of all that was asked for since the last time. */
  askedFor(): string[] {
    return this.asked.splice(0).map(({ path }) => path.split('/').at(-1)!);
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: path = '', headers } = request;
    this.asked.push({ method, path, headers });
    if (this.answers !== undefined) return this.answers(request, response);
    if (headers.authorization !== `Bearer ${BEARER}`) return void response.writeHead(401).end();
    if (this.isBusAway) return void response.writeHead(503).end();
    if (path === this.path('events')) return this.stream(request, response);
    const body = await json(request);
    if (path === this.path('ack')) this.bus.publish(subjects.nodeAck(this.nodeId), JSON.stringify(readAck(body)));
    else if (path === this.path('hello'))
      this.bus.publish(subjects.nodeHello(this.nodeId), JSON.stringify(readHello(body)));
    else if (path === this.path('channel')) return this.forward(body, response);
    else return void response.writeHead(404).end();
    response.writeHead(204).end();
  }

  private async forward(body: unknown, response: ServerResponse): Promise<void> {
    try {
      const reply = await this.bus.request(subjects.httpChannel(this.nodeId), JSON.stringify(body), { timeout: 1_000 });
      const code = reply.headers?.get(names.errorCode) as Code | '' | undefined;
      const status = code ? CODES[code].httpStatus : 200;
      response.writeHead(status, { 'content-type': 'application/json' }).end(reply.string());
    } catch {
      response.writeHead(503).end();
    }
  }

  private async stream({ headers }: IncomingMessage, response: ServerResponse): Promise<void> {
    const hello = helloOfHeaders(headers);
    // Before anything of the bus is written: that may come at once.
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const subscription = this.bus.subscribe(subjects.nodeEvents(this.nodeId), {
      callback: (_, message) => {
        const position = message.headers?.get(names.position);
        const id = position ? `id: ${position}\n` : '';
        response.write(`${id}event: ${message.headers?.get(names.kind)}\ndata: ${message.string()}\n\n`);
      },
    });
    this.open.add(response);
    response.once('close', () => {
      subscription.unsubscribe();
      this.open.delete(response);
    });
    await this.bus.flush();
    // The bus was away meanwhile.
    if (response.writableEnded) return;
    response.write(':\n\n');
    this.bus.publish(subjects.nodeHello(this.nodeId), JSON.stringify(hello));
  }

  private path(route: 'events' | 'ack' | 'hello' | 'channel'): string {
    return routePath(route, { node_id: this.nodeId });
  }

  /** What was published while the bus was away is lost. */
  private async watchBus(): Promise<void> {
    for await (const { type } of this.bus.status()) {
      if (type === Events.Disconnect) this.isBusAway = true;
      if (type === Events.Reconnect) this.isBusAway = false;
      if (type === Events.Reconnect) for (const response of this.open) response.end();
    }
  }
}

async function json(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return JSON.parse(text);
}
