import { createServer, request as ask, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { World } from './world';

/** A way to a gateway, on which what is asked is noted, and which can be cut. */
export class WayToAGateway {
  readonly passed: { ifNoneMatch: string | undefined; status: number }[] = [];
  private readonly sockets = new Set<Socket>();
  private readonly server: Server = createServer((request, response) => this.pass(request, response));
  private port = 0;

  private constructor(private readonly target: string) {}

  static async open(world: World, target: string): Promise<WayToAGateway> {
    const way = new WayToAGateway(target);
    way.server.on('connection', (socket: Socket) => {
      way.sockets.add(socket);
      socket.on('close', () => way.sockets.delete(socket));
    });
    await way.open();
    world.afterwards(() => way.cut());
    return way;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** On the same port each time. */
  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
  }

  /** As a gateway that was killed: connections break, and new ones are refused. */
  async cut(): Promise<void> {
    if (!this.server.listening) return;
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private pass({ url = '', method, headers }: IncomingMessage, response: ServerResponse): void {
    const asked = ask(`${this.target}${url}`, { method, headers }, (answer) => {
      const { statusCode: status = 0 } = answer;
      this.passed.push({ ifNoneMatch: headers['if-none-match'], status });
      response.writeHead(status, answer.headers);
      answer.pipe(response);
    });
    asked.on('error', () => response.destroy());
    asked.end();
  }
}
