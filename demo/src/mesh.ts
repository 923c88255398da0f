import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually, type Stack } from '@plexsphere/stack';
import { EventSource } from '@plexsphere/testkit';
import { domainScope } from '@plexsphere/wire';
import { Fleet } from './fleet';
import type { Narrator } from './narrator';
import { Operator } from './operator';
import { readJournals, type Journals } from './read-journals';

export interface Setting {
  stack: Stack;
  dir: string;
  nodes: number;
  narrator: Narrator;
}

const PATIENCE_MS = 30_000;
const FIRST_MONTH = 4;

/** Events that have to come before and after each chapter. */
const A_FEW_EVENTS = 4;

/** One Domain, its Nodes and a steady stream of events to them: what every chapter is told of, one after the other. */
export class Mesh {
  readonly operator: Operator;
  readonly scope: string;
  /** The Node that goes to sleep where a chapter needs one: a process of its own. */
  readonly sleeper: Fleet;
  private readonly domainId = randomUUID();
  private readonly names: string[];
  private readonly journals: string;
  private readonly others: Fleet;
  private source: EventSource | undefined;
  private keys = 0;

  constructor(readonly setting: Setting) {
    const { stack, dir, nodes } = setting;
    this.scope = domainScope(this.domainId);
    this.names = Array.from({ length: nodes }, (_, i) => `node-${String(i + 1).padStart(2, '0')}`);
    this.journals = join(dir, 'nodes');
    this.operator = new Operator(this.scope, stack.env, PATIENCE_MS);
    [this.others, this.sleeper] = ['others', 'sleeper'].map(
      (name) => new Fleet(join(dir, 'enrolments', name), this.journals),
    ) as [Fleet, Fleet];
  }

  get nodes(): number {
    return this.names.length;
  }

  get sleepersName(): string {
    return this.names.at(-1)!;
  }

  /** Ids of the events that every Node has to apply once. */
  get published(): readonly string[] {
    return this.source?.accepted ?? [];
  }

  async begin(): Promise<void> {
    const { narrator, stack } = this.setting;
    narrator.heading('A Domain and its Nodes');
    const firstKey = this.nextKeyId();
    await this.operator.createDomain(this.domainId, firstKey);
    this.say(`${this.scope} signs by ${firstKey}`);
    const fleets = [this.others, this.sleeper];
    for (const { enrolments } of fleets) await mkdir(enrolments, { recursive: true, mode: 0o700 });
    const fleetOf = (name: string): Fleet => (name === this.sleepersName ? this.sleeper : this.others);
    await this.operator.addNodes(this.names, (name) => fleetOf(name).enrolments);
    this.say(`${this.nodes} Nodes are enrolled`);
    await Promise.all(fleets.map((fleet) => fleet.start()));
    this.say('they listen, each with a credential and a trust store of its own');
    const { natsUrl, tokenFile } = stack;
    this.source = await EventSource.connect({ natsUrl, tokenFile, scope: this.scope });
    this.source.start();
    await this.moreEvents();
    this.say('a steady stream of signed events is on its way to all of them');
  }

  /** Ends the stream of events, and waits until each Node has all of them; what has not come by then counts as lost. */
  async finish(): Promise<void> {
    await this.moreEvents();
    await this.source?.stop();
    const all = async (): Promise<boolean> => (await this.seen()).missing(this.published, this.nodes) === 0;
    await eventually(all, { timeoutMs: PATIENCE_MS }).catch(() => this.say('some events have not arrived'));
  }

  async end(): Promise<void> {
    await this.source?.stop();
    await Promise.all([this.others.stop(), this.sleeper.stop()]);
  }

  /** A month each: domain-2026-04, domain-2026-05, … */
  nextKeyId(): string {
    return `domain-2026-${String(FIRST_MONTH + this.keys++).padStart(2, '0')}`;
  }

  async moreEvents(): Promise<void> {
    const wanted = this.published.length + A_FEW_EVENTS;
    await this.wait(() => this.published.length >= wanted, 'more events');
  }

  /** What the Nodes wrote to disk: the demo counts from there, never from a counter of the parts under test. */
  seen(): Promise<Journals> {
    return readJournals(this.journals);
  }

  /** Waits until so many Nodes hold exactly these keys. @returns when the last of them came to, in ms since 1970 */
  allTrust(keyIds: readonly string[], nodes = this.nodes): Promise<number> {
    return this.wait(async () => (await this.seen()).trustingSince(keyIds, nodes), `Nodes trusting ${keyIds.join()}`);
  }

  wait<T>(probe: () => Promise<T> | T, describe: string): Promise<NonNullable<T>> {
    return eventually(probe, { timeoutMs: PATIENCE_MS, describe }) as Promise<NonNullable<T>>;
  }

  say(text: string): void {
    this.setting.narrator.say(text);
  }

  /** A command that the operator has just given. */
  sayCommand(command: string, ...flags: string[]): void {
    this.say(`plexctl ${command} --scope ${this.scope} ${flags.join(' ')}`.trimEnd());
  }
}
