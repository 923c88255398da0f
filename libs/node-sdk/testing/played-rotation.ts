/** Rotation's end of a member's reports, on a real bus: keeps them, and answers what it is told to. For specs only. */
import { headers as names, problem, subjects, type ProblemName } from '@plexsphere/wire';
import type { ReportKeys, ReportKeysReply, ReportedRing } from '@plexsphere/wire/commands';
import { connect, headers as natsHeaders, type Msg, type NatsConnection } from 'nats';

export class PlayedRotation {
  readonly reports: ReportedRing[][] = [];
  readonly inboxes: string[] = [];
  /** undefined: none. */
  answer: ReportKeysReply | ProblemName | undefined = { rings: [] };

  private constructor(private readonly bus: NatsConnection) {}

  static async connect(url: string, nodeId: string): Promise<PlayedRotation> {
    const rotation = new PlayedRotation(
      await connect({ servers: url, maxReconnectAttempts: -1, reconnectTimeWait: 50 }),
    );
    for (const subject of [subjects.nodeChannel(nodeId), subjects.httpChannel(nodeId)])
      rotation.bus.subscribe(subject, { callback: (_, message) => rotation.take(message) });
    await rotation.bus.flush();
    return rotation;
  }

  get last(): ReportedRing[] {
    return this.reports.at(-1) ?? [];
  }

  close(): Promise<void> {
    return this.bus.close();
  }

  private take(message: Msg): void {
    this.reports.push(message.json<ReportKeys>().rings);
    this.inboxes.push(message.reply ?? '');
    const { answer } = this;
    if (answer === undefined) return;
    if (typeof answer !== 'string') return void message.respond(JSON.stringify(answer));
    const refused = problem(answer);
    const headers = natsHeaders();
    headers.set(names.errorCode, refused.code);
    message.respond(JSON.stringify(refused.body), { headers });
  }
}
