import type { FleetRun, FleetStep, WatchFleetReply } from '@plexsphere/wire/commands';
import type { Invocation } from '../../command';
import { Failure } from '../../failure';
import { bar } from '../../layout';
import { escapedJson } from '../../printable';
import { render, type Result } from '../../render';
import { polls } from '../signing/status-polls';
import { stepLine, summaryLine, waveLine, waveSize } from './fleet-lines';

/** Often enough for a person who looks on; what has come meanwhile is told all the same, by its number. */
const EVERY_MS = 1_000;

/** All that there is to show has been shown. */
const SHOWN = { text: '', document: undefined };

type Following = Pick<Invocation, 'bus' | 'pause' | 'interrupted' | 'terminal' | 'output'>;

/**
 * Tells each change of a run as it comes, from its beginning on: a line, or with another form than text a document. Until it
 * has ended or halted, or Ctrl-C, which it goes on after. Fails where not every Node has rotated.
 */
export async function followFleet(invocation: Following, run: string): Promise<Result> {
  const { terminal, interrupted } = invocation;
  const teller = new Teller(invocation);
  const stop = interrupted();
  let trouble: string | undefined;
  for await (const poll of polls(() => teller.ask(run), invocation.pause, EVERY_MS, stop)) {
    if ('trouble' in poll) {
      if (trouble !== poll.trouble.detail) terminal.note(`not up to date: ${poll.trouble.detail}`);
      trouble = poll.trouble.detail;
      continue;
    }
    trouble = undefined;
    const { steps, more, ...reply } = poll.reply;
    await teller.tell(reply, steps);
    if (reply.state !== 'running' && !more) return teller.end(reply);
  }
  const hint = `it goes on: plexctl edge fleet watch ${run} shows how, plexctl edge fleet abort ${run} ends it`;
  return { ...SHOWN, failure: new Failure(1, 'stopped watching the fleet run', { run }, hint) };
}

/** Knows what was told already. */
class Teller {
  private afterSeq = 0;
  private wave = 0;

  constructor(private readonly invocation: Following) {}

  ask(run: string): Promise<WatchFleetReply> {
    return this.invocation.bus.ask('fleet.watch', { run, after_seq: this.afterSeq });
  }

  async tell(run: FleetRun, steps: readonly FleetStep[]): Promise<void> {
    const { terminal } = this.invocation;
    for (const step of steps) {
      // Waves begin one after the other: the first step of one that is told says that it has begun.
      while (this.wave < step.wave) await this.begin(run, ++this.wave);
      await this.say(stepLine(step), { what: 'step', run: run.run, ...step });
      this.afterSeq = step.seq;
    }
    if (terminal.drawsInPlace) {
      const ended = run.rotated + run.failed + run.skipped;
      terminal.progress(`${bar(ended, run.nodes)}  ${run.rotated} rotated, ${run.failed} failed of ${run.nodes}`);
    }
  }

  async end(run: FleetRun): Promise<Result> {
    await this.say(summaryLine(run), { what: 'summary', ...run });
    return { ...SHOWN, ...(run.rotated < run.nodes && { failure: notAll(run) }) };
  }

  private begin(run: FleetRun, wave: number): Promise<void> {
    const nodes = waveSize(run, wave);
    return this.say(waveLine(run, wave), { what: 'wave', run: run.run, wave, nodes, of: run.nodes });
  }

  private async say(line: string | undefined, document: object): Promise<void> {
    const { terminal, output } = this.invocation;
    if (output === 'json') terminal.result(escapedJson(JSON.stringify(document)));
    else if (output === 'yaml') terminal.result(`---\n${await render({ text: '', document }, output)}`);
    else if (line !== undefined) terminal.result(line);
  }
}

function notAll({ run, state, nodes, rotated }: FleetRun): Failure {
  const hint =
    state === 'halted'
      ? `plexctl edge fleet resume ${run} goes on with the next wave, plexctl edge fleet abort ${run} ends it`
      : `plexctl edge fleet show ${run} shows which, and why`;
  return new Failure(1, 'not every node has rotated', { run, state, rotated: `${rotated} of ${nodes}` }, hint);
}
