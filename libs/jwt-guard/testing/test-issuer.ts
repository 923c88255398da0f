/** An issuer's door as a verifier sees it: a real server with key sets and ETags, which can be made to behave badly. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { TestKey } from './test-key';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export class TestIssuer {
  /** The headers of each request, in order. */
  readonly asked: IncomingHttpHeaders[] = [];
  /** Instead of a key set, until it is undefined again. */
  answers: Answer | undefined;
  text = '{"keys":[]}';
  /** Beside those of a key set. */
  headers: Record<string, string> = {};
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((request, response) => this.take(request, response));

  static async start(...keys: TestKey[]): Promise<TestIssuer> {
    const issuer = new TestIssuer();
    issuer.publish(...keys);
    issuer.server.on('connection', (socket: Socket) => {
      issuer.sockets.add(socket);
      socket.on('close', () => issuer.sockets.delete(socket));
    });
    await issuer.listen(0);
    return issuer;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get jwksUri(): string {
    return `${this.url}/.well-known/jwks.json`;
  }

  publish(...keys: Pick<TestKey, 'jwk'>[]): void {
    this.text = JSON.stringify({ keys: keys.map(({ jwk }) => jwk) });
  }

  /** As a process that was killed: connections break, and new ones are refused. */
  async goAway(): Promise<() => Promise<void>> {
    const { port } = this;
    await this.close();
    return () => this.listen(port);
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private port = 0;

  private async listen(port: number): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
  }

  private take(request: IncomingMessage, response: ServerResponse): void {
    this.asked.push(request.headers);
    if (this.answers !== undefined) return this.answers(request, response);
    const etag = `"${createHash('sha256').update(this.text).digest('base64url')}"`;
    const headers = { etag, ...this.headers };
    if (request.headers['if-none-match'] === etag) return void response.writeHead(304, headers).end();
    response.writeHead(200, { 'content-type': 'application/jwk-set+json', ...headers }).end(this.text);
  }
}
