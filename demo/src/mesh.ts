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

const PATIENCE_MS = 60_000;
/** Beside those on the bus. */
const NODES_OVER_HTTP = 10;
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
  private readonly namesOverHttp: string[];
  private readonly journals: string;
  private readonly journalsOverHttp: string;
  private readonly others: Fleet;
  private readonly overHttp: Fleet;
  private source: EventSource | undefined;
  private keys = 0;

  constructor(readonly setting: Setting) {
    const { stack, dir, nodes } = setting;
    this.scope = domainScope(this.domainId);
    this.names = numbered('node', nodes);
    this.namesOverHttp = numbered('http', NODES_OVER_HTTP);
    this.journals = join(dir, 'nodes');
    this.journalsOverHttp = join(dir, 'nodes-over-http');
    this.operator = new Operator(this.scope, stack.env, PATIENCE_MS);
    const enrolments = (name: string): string => join(dir, 'enrolments', name);
    [this.others, this.sleeper] = ['others', 'sleeper'].map(
      (name) => new Fleet('node-fleet', enrolments(name), () => ['--out', this.journals]),
    ) as [Fleet, Fleet];
    this.overHttp = new Fleet('http-fleet', enrolments('over-http'), () => [
      ...['--out', this.journalsOverHttp, '--scope', this.scope],
      ...this.gatewayUrls.flatMap((url) => ['--gateway', url]),
    ]);
  }

  get nodes(): number {
    return this.names.length;
  }

  get nodesOverHttp(): number {
    return this.namesOverHttp.length;
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
    const fleets = [this.others, this.sleeper, this.overHttp];
    for (const { enrolments } of fleets) await mkdir(enrolments, { recursive: true, mode: 0o700 });
    const fleetOf = (name: string): Fleet => (name === this.sleepersName ? this.sleeper : this.others);
    await this.operator.addNodes(this.names, (name) => fleetOf(name).enrolments);
    await this.operator.drawTokens(this.namesOverHttp, this.overHttp.enrolments);
    this.say(`${this.nodes} Nodes are enrolled, and ${this.nodesOverHttp} more have a token to register by over HTTP`);
    await Promise.all(fleets.map((fleet) => fleet.start()));
    this.say(`${this.nodes} listen on the bus, each with a credential and a trust store of its own`);
    this.say(`${this.nodesOverHttp} listen over HTTP, at two gateways, with nothing of ours: two keys and a stream`);
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
    const all = async (): Promise<boolean> =>
      (await this.seen()).missing(this.published, this.nodes) +
        (await this.seenOverHttp()).missing(this.published, this.nodesOverHttp) ===
      0;
    await eventually(all, { timeoutMs: PATIENCE_MS }).catch(() => this.say('some events have not arrived'));
  }

  async end(): Promise<void> {
    await this.source?.stop();
    await Promise.all([this.others, this.sleeper, this.overHttp].map((fleet) => fleet.stop()));
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

  /** What those over HTTP wrote. They have no memory of events, and may take one again. */
  seenOverHttp(): Promise<Journals> {
    return readJournals(this.journalsOverHttp);
  }

  /** Waits until so many Nodes hold exactly these keys. @returns when the last of them came to, in ms since 1970 */
  allTrust(keyIds: readonly string[], nodes = this.nodes): Promise<number> {
    return this.wait(async () => (await this.seen()).trustingSince(keyIds, nodes), `Nodes trusting ${keyIds.join()}`);
  }

  /** The same, of those over HTTP. */
  allTrustOverHttp(keyIds: readonly string[]): Promise<number> {
    const trusting = async (): Promise<number | undefined> =>
      (await this.seenOverHttp()).trustingSince(keyIds, this.nodesOverHttp);
    return this.wait(trusting, `Nodes over HTTP trusting ${keyIds.join()}`);
  }

  wait<T>(probe: () => Promise<T> | T, describe: string): Promise<NonNullable<T>> {
    return eventually(probe, { timeoutMs: PATIENCE_MS, describe }) as Promise<NonNullable<T>>;
  }

  say(text: string): void {
    this.setting.narrator.say(text);
  }

  get gatewayUrls(): string[] {
    const { stack } = this.setting;
    return stack.services('gateway').flatMap(({ name }) => stack.gatewayUrl(name) ?? []);
  }

  /** A command that the operator has just given. */
  sayCommand(command: string, ...flags: string[]): void {
    this.say(`plexctl ${command} --scope ${this.scope} ${flags.join(' ')}`.trimEnd());
  }
}

const numbered = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${name}-${String(i + 1).padStart(2, '0')}`);
