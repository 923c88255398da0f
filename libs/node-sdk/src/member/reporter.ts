/** Reports what a member holds: when it is woken, and again with growing pauses until it is answered. One at a time. */
import { PROBLEMS } from '@plexsphere/wire';
import type { ReportKeysReply, ReportedRing } from '@plexsphere/wire/commands';
import { backOffMs, pause } from '../back-off';
import type { Logger } from '../node-observer';

export type ReportAnswer =
  | { kind: 'answered'; reply: ReportKeysReply }
  /** It would be refused again: it is for the next one to say better. */
  | { kind: 'refused'; reason: string }
  | { kind: 'unanswered'; reason: string };

export const unanswered = (reason: string): ReportAnswer => ({ kind: 'unanswered', reason });

/** From when it is said until the answer; nothing is under way for longer. */
export const ANSWERED_WITHIN_MS = 10_000;

export interface Told {
  rings: ReportedRing[];
  answered(): void;
}

export interface ReporterOptions {
  /** What is to be told at this moment; undefined where there is nothing yet. */
  tell(): Told | undefined;
  send(rings: ReportedRing[]): Promise<ReportAnswer>;
  logger: Logger;
}

const FIRST_RETRY_MS = 500;

export class Reporter {
  private isWanted = false;
  private isActive = false;
  private isStopped = false;
  private hurry = new AbortController();

  constructor(private readonly options: ReporterOptions) {}

  /** At once, also where a pause is being made: there is something new to say, or somebody to hear it. */
  wake(): void {
    this.isWanted = true;
    this.hurry.abort();
    if (!this.isActive && !this.isStopped) void this.run();
  }

  /** What was not answered is said again now: there may be somebody to hear it. */
  hurryUp(): void {
    this.hurry.abort();
  }

  stop(): void {
    this.isStopped = true;
    this.hurry.abort();
  }

  private async run(): Promise<void> {
    this.isActive = true;
    for (let failures = 0; this.isWanted && !this.isStopped;) {
      this.isWanted = false;
      this.hurry = new AbortController();
      if (await this.reported()) failures = 0;
      else {
        await pause(backOffMs((failures += 1), FIRST_RETRY_MS), this.hurry.signal);
        this.isWanted = true;
      }
    }
    this.isActive = false;
  }

  /** Whether there is nothing more to be done for this one. */
  private async reported(): Promise<boolean> {
    const { tell, send, logger } = this.options;
    const told = tell();
    if (told === undefined) return true;
    const answer = await answeredInTime(send(told.rings));
    if (answer.kind === 'unanswered') {
      logger.warn({ reason: answer.reason }, 'report not answered yet');
      return false;
    }
    if (answer.kind === 'refused') {
      logger.warn({ reason: answer.reason }, 'report refused');
      return true;
    }
    told.answered();
    const { rings } = answer.reply;
    for (const { scope, refused } of rings) if (refused.length > 0) logger.warn({ scope, refused }, 'proof refused');
    return !rings.some(({ refused }) => refused.some(({ detail }) => detail === UNJUDGED));
  }
}

/** No signer knew the key yet: that is no verdict, and a rotation may wait for one. */
const UNJUDGED = PROBLEMS.keyUnavailable.detail;

/** Also where a connection that is closed takes its answers along, and where sending has failed. */
async function answeredInTime(sent: Promise<ReportAnswer>): Promise<ReportAnswer> {
  const given = new AbortController();
  const late = pause(ANSWERED_WITHIN_MS, given.signal).then((): ReportAnswer => unanswered('no answer'));
  const failed = (error: unknown): ReportAnswer => unanswered(String(error));
  try {
    return await Promise.race([sent.catch(failed), late]);
  } finally {
    given.abort();
  }
}
