/** One host with a key of its own: enrolled by its token over a gateway, then an edge agent, and its journal. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { enrolByToken, openEdgeAgent, readHeld, type EdgeAgent } from '@plexsphere/edge';
import { NodeJournal } from './node-fleet-journal';

export interface HostOptions {
  name: string;
  gateways: readonly string[];
  tokenFile: string;
  /** The folder of what it holds. */
  state: string;
  /** The folder of its journal. */
  journal: string;
}

/** It is stopped in order, so all that it has applied is saved: what comes again was handed over twice. */
const ALL_IS_SAVED = (): number => Infinity;

export class EdgeHost {
  private constructor(
    private readonly agent: EdgeAgent,
    readonly connected: Promise<void>,
  ) {}

  static async start({ name, gateways, tokenFile, state: folder, journal: out }: HostOptions): Promise<EdgeHost> {
    await mkdir(out, { recursive: true, mode: 0o700 });
    if ((await readHeld(folder)) === undefined) {
      const token = (await readFile(tokenFile, 'utf8')).trim();
      await enrolByToken({ folder, token, name, gateways, allowPlaintext: true, replace: false });
    }
    const journal = new NodeJournal(join(out, 'journal.jsonl'), ALL_IS_SAVED);
    let isConnected: () => void = () => undefined;
    const connected = new Promise<void>((resolve) => (isConnected = resolve));
    const agent = await openEdgeAgent({
      folder,
      onConnected: () => isConnected(),
      onRefused: (refused) => journal.refused(refused),
    });
    await agent.start(async (event) => journal.applied(event));
    return new EdgeHost(agent, connected);
  }

  stop(): Promise<void> {
    return this.agent.stop();
  }
}
