import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, ThrottledLog, type Logger } from '@plexsphere/service-kit';
import type { ReportKeys, ReportKeysReply } from '@plexsphere/wire/commands';
import { DataSource } from 'typeorm';
import { Rotator } from '../rotator/rotator';
import { JudgeProofs, refusedKeys } from './judge-proofs';
import { readReporter, type Reporter } from './read-reporter';
import { tellAgain } from './tell-again';
import { writeReport, type Heard } from './write-report';

/** What a channel's member says that it holds. Whose word it is the server vouches for, and what it proves signers say. */
@Injectable()
export class TakeReport {
  private readonly log: ThrottledLog;

  constructor(
    private readonly database: DataSource,
    private readonly proofs: JudgeProofs,
    private readonly rotator: Rotator,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.log = new ThrottledLog(logger);
  }

  /** @throws Problem notAMember; as `JudgeProofs.judge`: then nothing of it stands */
  async take(from: { nodeId: string; isOverHttp: boolean }, { rings }: ReportKeys): Promise<ReportKeysReply> {
    const scopes = rings.map(({ scope }) => scope);
    const reporter = await readReporter(this.database.manager, from, scopes);
    const heard: Heard[] = [];
    for (const said of rings) {
      const before = reporter.rings.get(said.scope);
      if (before === undefined) throw new Error(`${said.scope} was not read`);
      heard.push({ said, before, judged: await this.proofs.judge(reporter.nodeId, said, before) });
    }
    await writeReport(this.database, reporter, heard);
    for (const each of heard) this.act(each, reporter);
    for (const scope of await tellAgain(this.database.manager, reporter, rings))
      this.logger.info({ scope, node: reporter.nodeId }, 'member told again');
    return {
      rings: heard.map(({ said: { scope }, before, judged }) => ({
        ...{ scope, epoch: before.epoch, proven: [...judged.proven.keys()] },
        refused: refusedKeys(judged),
      })),
    };
  }

  /** The last proof that a rotation waits for has it go on at once, and not at the rotator's next turn. */
  private act({ said: { scope }, before, judged }: Heard, { nodeId }: Reporter): void {
    const isNews = (keyId: string): boolean => before.keys.get(keyId)?.state === 'staged' && !before.proven.has(keyId);
    if ([...judged.proven.keys()].some(isNews)) this.rotator.lookAt(scope);
    const [refused] = refusedKeys(judged);
    if (refused === undefined) return;
    const { key_id: kid, detail } = refused;
    this.log.warn({ scope, node: nodeId, kid, detail }, 'proof refused', `${nodeId} ${scope} ${detail}`);
  }
}
