/** A server of which each spec says what it answers. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface Asked {
  method: string;
  route: string;
  headers: IncomingMessage['headers'];
  body: string;
  atMs: number;
}

type Answer = (response: ServerResponse, asked: Asked) => void;

export class PlayedGateway {
  readonly asked: Asked[] = [];

  private constructor(
    private readonly server: ReturnType<typeof createServer>,
    private readonly scheme: string,
  ) {}

  static async start(answer: Answer, tls?: { cert: string; key: string }): Promise<PlayedGateway> {
    const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const { method = '', url = '', headers } = request;
      let body = '';
      for await (const chunk of request) body += String(chunk);
      const asked = { method, route: url.split('/').at(-1)!, headers, body, atMs: performance.now() };
      gateway.asked.push(asked);
      answer(response, asked);
    };
    const listener = (request: IncomingMessage, response: ServerResponse): void =>
      void take(request, response).catch(() => undefined);
    const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
    const gateway = new PlayedGateway(server, tls === undefined ? 'http' : 'https');
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return gateway;
  }

  get url(): string {
    return `${this.scheme}://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  of(route: string): Asked[] {
    return this.asked.filter((each) => each.route === route);
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

export const stream = (response: ServerResponse, text = ':\n\n'): ServerResponse => {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).write(text);
  return response;
};

export const sse = (data: string, id?: number): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: event\ndata: ${data}\n\n`;
