/** For specs: a stream as a client reads it. */
import { request, type ClientRequest } from 'node:http';
import type { TestNode } from './gateway-world';

export class ReadStream {
  readonly events: Record<string, string>[] = [];
  text = '';
  isEnded = false;

  private constructor(private readonly asked: ClientRequest) {}

  static open(url: string, { id, secret }: TestNode, more: Record<string, string> = {}): Promise<ReadStream> {
    const headers = { authorization: `Bearer ${secret}`, ...more };
    const asked = request(new URL(`/v1/nodes/${id}/events`, url), { headers, agent: false });
    const stream = new ReadStream(asked);
    return new Promise((resolve, reject) => {
      asked.on('error', reject);
      asked.on('response', (response) => {
        if (response.statusCode !== 200) return reject(new Error(`answered ${response.statusCode}`));
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => stream.take(chunk));
        response.on('error', () => undefined);
        response.on('close', () => (stream.isEnded = true));
        resolve(stream);
      });
      asked.end();
    });
  }

  close(): void {
    this.asked.destroy();
  }

  private take(chunk: string): void {
    this.text += chunk;
    const blocks = this.text.split('\n\n').slice(0, -1);
    const events = blocks.map((block) =>
      Object.fromEntries(block.split('\n').map((line) => /^([^:]*): ?(.*)$/.exec(line)?.slice(1) ?? [])),
    );
    this.events.splice(0, this.events.length, ...events.filter((event) => event['data'] !== undefined));
  }
}
