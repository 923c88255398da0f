import {
  NodeClient,
  readEnrolment,
  type NodeEvent,
  type Refused,
  type Trusts,
  type TurnedAway,
} from '@plexsphere/node-sdk';

/** A real Node in the test's own process: its client, and what it saw. */
export class SuiteNode {
  readonly applied: NodeEvent[] = [];
  readonly refused: Refused[] = [];
  readonly turnedAway: TurnedAway[] = [];
  private seen: Trusts | undefined;
  private client: NodeClient | undefined;

  constructor(
    readonly name: string,
    readonly enrolmentFile: string,
    private readonly storeDir: string,
  ) {}

  /** Key ids, newest first. */
  get trusts(): string[] {
    return this.seen?.keyIds ?? [];
  }

  get trustsPlatform(): string[] {
    return this.seen?.platformKeyIds ?? [];
  }

  /** Starts, and returns when a relay has answered its hello. */
  async start(): Promise<void> {
    this.client = new NodeClient({
      enrolment: await readEnrolment(this.enrolmentFile),
      storeDir: this.storeDir,
      handler: async (event) => void this.applied.push(event),
      onRefused: (refused) => void this.refused.push(refused),
      onTurnedAway: (turnedAway) => void this.turnedAway.push(turnedAway),
      onTrusts: (trusts) => (this.seen = trusts),
    });
    await this.client.start();
    await this.client.ready();
  }

  async stop(): Promise<void> {
    await this.client?.stop();
    this.client = undefined;
  }
}
