import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually, type Stack } from '@plexsphere/stack';
import { EventSource } from '@plexsphere/testkit';
import { domainScope } from '@plexsphere/wire';
import { Fleet } from './fleet';
import type { Narrator } from './narrator';
import { Operator, type Signed } from './operator';
import { countKeyMessages } from './outbox';
import { readJournals } from './read-journals';
import type { DemoResult } from './result';

const OLD_KEY = 'domain-2026-04';
const NEW_KEY = 'domain-2026-05';
const PATIENCE_MS = 30_000;

/** Events that have to come before and after the rotation. */
const A_FEW_EVENTS = 4;

export interface Setting {
  stack: Stack;
  dir: string;
  nodes: number;
  narrator: Narrator;
}

type Result = Omit<DemoResult, 'ok'>;

/** The main job, told as it goes: a Domain's key is rotated while its Nodes listen. */
export class Story {
  private readonly domainId = randomUUID();
  private readonly scope = domainScope(this.domainId);
  private readonly names: string[];
  private readonly journals: string;
  private readonly operator: Operator;

  constructor(private readonly setting: Setting) {
    this.names = Array.from({ length: setting.nodes }, (_, i) => `node-${String(i + 1).padStart(2, '0')}`);
    this.journals = join(setting.dir, 'nodes');
    this.operator = new Operator(this.scope, setting.stack.env, PATIENCE_MS);
  }

  async tell(): Promise<Result> {
    const { stack } = this.setting;
    const fleet = await this.domainAndNodes();
    const source = await EventSource.connect({
      natsUrl: stack.natsUrl,
      tokenFile: stack.tokenFile,
      scope: this.scope,
    });
    try {
      source.start();
      await this.moreEvents(source);
      this.say('a steady stream of signed events is on its way to all of them');
      const before = await this.operator.kids();
      const signedBefore = await this.operator.sign();
      const opened = await this.openRotation(signedBefore);
      const resumeWrote = await this.restartInTheOverlap();
      const after = await this.closeRotation(signedBefore, opened.signed);
      await this.moreEvents(source);
      await source.stop();
      await this.allDelivered(source.accepted);
      await fleet.stop();
      return await this.count(source.accepted, {
        rotate_to_last_node_ms: opened.tookMs,
        resume_wrote_events: resumeWrote,
        jwks: { before, during: opened.during, after },
      });
    } finally {
      await source.stop();
      await fleet.stop();
    }
  }

  private async domainAndNodes(): Promise<Fleet> {
    this.setting.narrator.chapter('A Domain and its Nodes');
    await this.operator.createDomain(this.domainId, OLD_KEY);
    this.say(`${this.scope} signs by ${OLD_KEY}`);
    const enrolments = join(this.setting.dir, 'enrolments');
    await mkdir(enrolments, { mode: 0o700 });
    await this.operator.addNodes(this.names, enrolments);
    this.say(`${this.names.length} Nodes are enrolled`);
    const fleet = await Fleet.start(enrolments, this.journals);
    this.say('they listen, each with a credential and a trust store of its own');
    return fleet;
  }

  private async openRotation(signedBefore: Signed): Promise<{ during: string[]; signed: Signed; tookMs: number }> {
    this.setting.narrator.chapter('Open the rotation');
    const rotateAt = Date.now();
    await this.operator.rotate(NEW_KEY);
    this.say(`plexctl signing rotate --scope ${this.scope} --new-key-id ${NEW_KEY}`);
    const during = await this.operator.kids();
    const signed = await this.operator.sign();
    this.say(`fresh signatures come from ${signed.key_id}`);
    this.say(`one by ${signedBefore.key_id} verifies: ${String(await this.operator.verifies(signedBefore))}`);
    const lastTrustedAt = await eventually(
      async () => (await readJournals(this.journals)).lastTrusted(NEW_KEY, this.names.length),
      { timeoutMs: PATIENCE_MS, describe: 'every Node trusting the new key' },
    );
    this.say(`all ${this.names.length} Nodes trust ${NEW_KEY}`);
    return { during, signed, tookMs: lastTrustedAt - rotateAt };
  }

  /** Returns how many key events the restart wrote: a resumed rotation writes none. */
  private async restartInTheOverlap(): Promise<number> {
    const { stack, narrator } = this.setting;
    narrator.chapter('Restart in the overlap');
    const before = await countKeyMessages(stack.databaseUrl('owner'));
    await stack.services('signer')[0]?.restart();
    await Promise.all(stack.services('rotation').map((rotation) => rotation.restart()));
    const wrote = (await countKeyMessages(stack.databaseUrl('owner'))) - before;
    this.say(`a signer and the rotation services are back; events that resuming wrote: ${wrote}`);
    this.say(`fresh signatures come from ${(await this.operator.sign()).key_id}`);
    return wrote;
  }

  private async closeRotation(signedBefore: Signed, signedDuring: Signed): Promise<string[]> {
    this.setting.narrator.chapter('Close the rotation');
    await this.operator.closeWhenApplied(OLD_KEY, NEW_KEY);
    this.say(`plexctl signing close --scope ${this.scope} --old ${OLD_KEY} --new ${NEW_KEY}`);
    const after = await this.operator.kids();
    this.say(`a signature from the overlap verifies: ${String(await this.operator.verifies(signedDuring))}`);
    this.say(`one by the retired key verifies: ${String(await this.operator.verifies(signedBefore))}`);
    return after;
  }

  private async moreEvents(source: EventSource): Promise<void> {
    const wanted = source.accepted.length + A_FEW_EVENTS;
    await eventually(() => source.accepted.length >= wanted, { timeoutMs: PATIENCE_MS, describe: 'more events' });
  }

  /** What has not come by then counts as lost. */
  private async allDelivered(events: readonly string[]): Promise<void> {
    const delivered = async (): Promise<boolean> =>
      (await readJournals(this.journals)).missing(events, this.names.length) === 0;
    await eventually(delivered, { timeoutMs: PATIENCE_MS }).catch(() => this.say('some events have not arrived'));
  }

  /** From what the Node process wrote to disk, never from a counter of the parts under test. */
  private async count(
    events: readonly string[],
    seen: Pick<Result, 'rotate_to_last_node_ms' | 'resume_wrote_events' | 'jwks'>,
  ): Promise<Result> {
    const { stack } = this.setting;
    const journals = await readJournals(this.journals);
    return {
      nodes: journals.nodes.length,
      rotations: stack.services('rotation').length,
      signers: stack.services('signer').length,
      relays: stack.services('outbox-relay').length,
      events_published: events.length,
      events_delivered: journals.applied,
      verification_failures: journals.refused,
      events_lost: journals.missing(events, this.names.length),
      events_applied_twice: journals.appliedTwice,
      ...seen,
    };
  }

  private say(text: string): void {
    this.setting.narrator.say(text);
  }
}
