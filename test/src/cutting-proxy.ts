/** For stories: a way to a gateway on which news of keys are cut off after so many bytes. */
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';

const NEWS = Buffer.from('event: signing_key_rotated\n');
const END = Buffer.from('\n\n');

export class CuttingProxy {
  /** After how many bytes of news it is cut the next times. What is longer than the news ends it: it has been cut everywhere. */
  readonly cuts: number[] = [];
  /** Where it was cut. */
  readonly cutAt: number[] = [];
  /** How many bytes the longest news had. */
  longest = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly target: URL,
  ) {}

  static async start(url: string): Promise<CuttingProxy> {
    const server = createServer();
    const proxy = new CuttingProxy(server, new URL(url));
    server.on('connection', (client) => proxy.pass(client));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private pass(client: Socket): void {
    const gateway = connect(Number(this.target.port), this.target.hostname);
    for (const [socket, other] of [
      [client, gateway],
      [gateway, client],
    ] as const) {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => void (this.sockets.delete(socket), other.destroy()));
    }
    client.on('data', (data) => void gateway.write(data));
    let isCut = false;
    gateway.on('data', (data) => (isCut ||= this.forwards(data, client)));
  }

  /** A gateway writes an event at once, so it comes at once. @returns whether it was cut off there */
  private forwards(data: Buffer, client: Socket): boolean {
    const from = data.indexOf(NEWS);
    const end = data.indexOf(END, from);
    const [after] = this.cuts;
    if (from < 0 || end < 0 || after === undefined) {
      client.write(data);
      return false;
    }
    const length = end + END.length - from;
    this.longest = Math.max(this.longest, length);
    this.cuts.shift();
    this.cutAt.push(Math.min(after, length));
    if (after >= length) this.cuts.length = 0;
    // What was forwarded arrives; then both ends see the connection gone.
    client.write(data.subarray(0, from + Math.min(after, length)), () => client.destroy());
    return true;
  }
}
