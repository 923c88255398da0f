/** How many connections each bus user has, over all servers. Holds what is connected, and nothing else. */
export class BusConnections {
  /** Server → connection id → the public key that it was admitted by. */
  private readonly servers = new Map<string, Map<number, string>>();
  private readonly counts = new Map<string, number>();
  private isKnown = false;

  /** Undefined until the servers were asked once: what came before we listened is not known. */
  of(publicKey: string): number | undefined {
    return this.isKnown ? (this.counts.get(publicKey) ?? 0) : undefined;
  }

  /** The users that have so many or more. */
  from(least: number): string[] {
    return [...this.counts].filter(([, count]) => count >= least).map(([publicKey]) => publicKey);
  }

  add(server: string, id: number, publicKey: string): void {
    const known = this.servers.get(server) ?? new Map<number, string>();
    this.servers.set(server, known);
    if (known.has(id)) return;
    known.set(id, publicKey);
    this.counts.set(publicKey, (this.counts.get(publicKey) ?? 0) + 1);
  }

  remove(server: string, id: number): void {
    const known = this.servers.get(server);
    const publicKey = known?.get(id);
    if (known === undefined || publicKey === undefined) return;
    known.delete(id);
    if (known.size === 0) this.servers.delete(server);
    const left = (this.counts.get(publicKey) ?? 1) - 1;
    if (left > 0) this.counts.set(publicKey, left);
    else this.counts.delete(publicKey);
  }

  /** What the servers themselves say; a server that said nothing is gone, and its connections with it. */
  replace(all: ReadonlyMap<string, ReadonlyMap<number, string>>): void {
    for (const [server, known] of this.servers)
      for (const id of [...known.keys()]) if (!all.get(server)?.has(id)) this.remove(server, id);
    for (const [server, connections] of all) for (const [id, publicKey] of connections) this.add(server, id, publicKey);
    this.isKnown = true;
  }
}
