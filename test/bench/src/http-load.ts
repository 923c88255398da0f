import { connect, type Socket } from 'node:net';
import { once } from 'node:events';

export interface HttpLoad {
  url: string;
  connections: number;
  /** The whole request, of the connection of that number. */
  request: (connection: number) => string;
  ms: number;
}

export interface HttpAnswered {
  count: number;
  perSecond: number;
  /** Of each 200, in their order. */
  tookMs: number[];
  askedAtMs: number[];
  /** How often each status came. */
  statuses: Record<string, number>;
}

/**
 * Asks over so many connections that stay, on each as soon as it was answered. Of an answer it reads the status and how long
 * it is, so that it is the answering that takes the time.
 */
export async function httpLoad({ url, connections, request, ms }: HttpLoad): Promise<HttpAnswered> {
  const { hostname, port } = new URL(url);
  const told: HttpAnswered = { count: 0, perSecond: 0, tookMs: [], askedAtMs: [], statuses: {} };
  const sockets = await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = connect(Number(port), hostname);
      socket.setNoDelay(true);
      await once(socket, 'connect');
      return socket;
    }),
  );
  const beganAt = performance.now();
  const isOver = (): boolean => performance.now() - beganAt > ms;
  await Promise.all(sockets.map((socket, index) => askOn(socket, () => request(index), told, isOver)));
  const seconds = (performance.now() - beganAt) / 1_000;
  return { ...told, count: told.tookMs.length, perSecond: told.tookMs.length / seconds };
}

function askOn(socket: Socket, request: () => string, told: HttpAnswered, isOver: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let askedAt = 0;
    let read = Buffer.alloc(0);
    const ask = (): void => {
      askedAt = performance.now();
      socket.write(request());
    };
    socket.on('data', (chunk) => {
      read = read.length === 0 ? chunk : Buffer.concat([read, chunk]);
      const answer = answerIn(read);
      if (answer === undefined) return;
      read = Buffer.alloc(0);
      told.statuses[answer] = (told.statuses[answer] ?? 0) + 1;
      if (answer === '200') {
        told.askedAtMs.push(askedAt);
        told.tookMs.push(performance.now() - askedAt);
      }
      if (!isOver()) return ask();
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
    socket.once('end', () => reject(new Error('a server hung up')));
    ask();
  });
}

const END_OF_HEAD = Buffer.from('\r\n\r\n');

/** Its status; undefined of one that is not whole. */
function answerIn(read: Buffer): string | undefined {
  const end = read.indexOf(END_OF_HEAD);
  if (end < 0) return undefined;
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(read.toString('latin1', 0, end))?.[1]);
  if (Number.isNaN(length)) throw new Error('an answer does not say how long it is');
  return read.length < end + END_OF_HEAD.length + length ? undefined : read.toString('latin1', 9, 12);
}
