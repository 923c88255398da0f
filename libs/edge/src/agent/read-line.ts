import type { Socket } from 'node:net';

/** The first line that comes; undefined where the other end stops, says more than `mostBytes`, or takes longer. */
export function readLine(socket: Socket, mostBytes: number, withinMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const settle = (line?: string): void => {
      clearTimeout(late);
      socket.off('data', take).off('end', settle).off('close', settle).off('error', settle);
      resolve(line);
    };
    const take = (chunk: Buffer): void => {
      bytes += chunk.length;
      chunks.push(chunk);
      const end = chunk.indexOf(0x0a);
      if (bytes > mostBytes) settle();
      else if (end >= 0)
        settle(
          Buffer.concat(chunks)
            .subarray(0, bytes - chunk.length + end)
            .toString('utf8'),
        );
    };
    const late = setTimeout(() => settle(), withinMs);
    socket.on('data', take);
    for (const event of ['end', 'close', 'error'] as const) socket.once(event, () => settle());
  });
}
