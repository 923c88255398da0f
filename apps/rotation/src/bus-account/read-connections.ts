/** Reads what a bus server (nats-server 2.9 to 2.12) tells of its connections. Anything else that it tells is undefined. */

export interface Connected {
  server: string;
  id: number;
  publicKey: string;
}

/** Of `$SYS.ACCOUNT.<account>.CONNECT` and `.DISCONNECT`; undefined for what is neither. */
export function readEvent(message: unknown): Connected | undefined {
  const { server, client } = (message ?? {}) as {
    server?: { id?: unknown };
    client?: { id?: unknown; user?: unknown };
  };
  if (typeof server?.id !== 'string' || typeof client?.id !== 'number' || typeof client.user !== 'string') {
    return undefined;
  }
  return { server: server.id, id: client.id, publicKey: client.user };
}

export interface Page {
  server: string;
  /** Connections of that server, of which this page has some. */
  total: number;
  connections: { id: number; publicKey: string }[];
}

/** Of the answer to a question for connections. */
export function readPage(message: unknown): Page | undefined {
  const { server, data } = (message ?? {}) as {
    server?: { id?: unknown };
    data?: { total?: unknown; connections?: { cid?: unknown; authorized_user?: unknown }[] | null };
  };
  if (typeof server?.id !== 'string' || typeof data?.total !== 'number') return undefined;
  const connections = (data.connections ?? []).flatMap(({ cid, authorized_user: publicKey }) =>
    typeof cid === 'number' && typeof publicKey === 'string' ? [{ id: cid, publicKey }] : [],
  );
  return { server: server.id, total: data.total, connections };
}
