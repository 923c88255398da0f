import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Whoever has taken the bus' address: says INFO as it likes, and keeps what it is told. */
export class RogueServer {
  /** What the clients said, as text. */
  heard = '';
  connections = 0;
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;

  constructor(info: object) {
    const all = { server_id: 'ROGUE', version: '2.10.0', proto: 1, headers: true, max_payload: 1_048_576, ...info };
    this.server = createServer((socket) => {
      this.connections += 1;
      this.sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.write(`INFO ${JSON.stringify(all)}\r\n`);
      socket.on('data', (bytes) => {
        this.heard += bytes.toString('latin1');
        if (this.heard.includes('PING\r\n')) socket.write('PONG\r\n');
      });
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
