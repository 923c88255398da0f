import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One side on which a service is spoken to. Closing it takes nothing more, and finishes what has to be finished. */
export interface Half {
  close(): Promise<void>;
}

/** Serves HTTP at `host:port`; port 0 takes a free one. */
export async function openHttp(hostAndPort: string, listener: RequestListener): Promise<Half & { address: string }> {
  const separator = hostAndPort.lastIndexOf(':');
  const host = hostAndPort.slice(0, separator);
  const server = createServer(listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(Number(hostAndPort.slice(separator + 1)), host, resolve);
  });
  return {
    address: `${host}:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
