import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

const USUAL = { server_id: 'ROGUE', version: '2.10.0', proto: 1, headers: true, max_payload: 1_048_576 };

/** Whoever has taken the bus' address: says INFO as it likes, and keeps what it is told. */
export class RogueServer {
  /** What the clients said, as text. */
  heard = '';
  connections = 0;
  /** As one that stands still: it says nothing to whoever asks whether it has heard. */
  isSilent = false;
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;

  constructor(public info: object) {
    this.server = createServer((socket) => {
      this.connections += 1;
      this.sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.write(`INFO ${JSON.stringify({ ...USUAL, ...this.info })}\r\n`);
      socket.on('data', (bytes) => {
        this.heard += bytes.toString('latin1');
        if (!this.isSilent && bytes.includes('PING\r\n')) socket.write('PONG\r\n');
      });
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Ends all connections; they may come again. */
  hangUp(): void {
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
  }

  async stop(): Promise<void> {
    this.hangUp();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
