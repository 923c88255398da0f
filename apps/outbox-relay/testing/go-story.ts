/**
 * For specs: one Node over HTTP that reads no statement, its streams by the keyring's own rules, and the relay's SQL on a
 * real PostgreSQL between them; a bus in memory that refuses what comes after another message than it was told of. Words may
 * be late or lost, relays may die after they have published, streams and processes may end at any point.
 */
import {
  beginStream,
  nextForm,
  onDrift,
  onMessage,
  onRing,
  onRow,
  onTime,
  withNews,
  type BegunState,
  type Hearing,
  type NodeRow,
  type PresentedId,
  type StreamLife,
  type StreamWord,
  type Turn,
} from '@plexsphere/keyring';
import type { SeededRandom } from '@plexsphere/testkit';
import type { Claim } from '../src/claim/claims';
import { readGoRings } from '../src/claim/read-go-rings';
import { marksOf, ordinaryIds, type ClaimWorld, type Claimer } from './claim-world';
import { GoDaemon, announced, keysOf, type WireMessage } from './go-daemon';

interface UnderWay {
  by: Claimer;
  claim: Claim;
  sequence: number | null;
}

const NODE = `
  SELECT s.settled_epoch::float8 AS "settledEpoch", s.told_epoch::float8 AS "toldEpoch",
         s.told_since::float8[] AS "toldSince", s.settled_position::float8 AS "settledPosition",
         s.last_position::float8 AS "lastPosition", s.hello_id AS "helloId", s.hello IS NOT NULL AS "isHelloUnanswered",
         CASE WHEN s.ready_epoch IS NOT NULL
              THEN jsonb_build_object('epoch', s.ready_epoch, 'position', s.ready_position) END AS ready,
         EXISTS (SELECT FROM outbox.message m WHERE m.node_id = s.node_id AND m.state <> 'settled')
           AS "hasUnsettled",
         s.waits_since IS NOT NULL AS waits, s.last_sequence::float8 AS "lastSequence",
         to_char(s.word_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "wordAt",
         (SELECT CASE WHEN bool_or(up_to.position = $2) THEN min(up_to.issued_at) END
            FROM (SELECT m.position, m.issued_at FROM outbox.message m WHERE m.node_id = s.node_id AND m.state = 'sent'
                  UNION ALL SELECT s.ready_position, s.ready_at) up_to
           WHERE up_to.position > s.settled_position AND up_to.position <= $2) AS "issuedAt"
    FROM outbox.node_stream s WHERE s.node_id = $1`;

export class GoStory {
  readonly daemon: GoDaemon;
  readonly published: string[] = [];
  readonly words: StreamWord[] = [];
  private stream: { life: StreamLife<WireMessage>; heard: WireMessage[] } | null = null;
  private readonly underWay: UnderWay[] = [];
  private states: BegunState[] = [];
  private stored = 0;
  private names = 0;

  constructor(
    private readonly world: ClaimWorld,
    readonly nodeId: string,
    private readonly relays: readonly Claimer[],
    private readonly random: SeededRandom,
  ) {
    this.daemon = new GoDaemon(keysOf(this.ring)!);
  }

  get hasStream(): boolean {
    return this.stream !== null;
  }

  get isWaiting(): boolean {
    return this.stream?.life.mode === 'waits';
  }

  private get ring() {
    return this.world.mesh.of(this.world.domain);
  }

  async publish(): Promise<void> {
    this.published.push(await this.world.mesh.publish(this.world.domain));
  }

  async changeRing(): Promise<void> {
    const { mesh, domain } = this.world;
    const { ring } = this;
    const keyId = `k-${(this.names += 1)}`;
    if (ring.retiring !== undefined) await mesh.closeRotation(domain);
    else if (ring.staged !== undefined && this.random.next() < 0.5)
      await mesh.change(domain, (each) => each.unstage(new Date()));
    else if (ring.staged === undefined && this.random.next() < 0.3)
      await mesh.change(domain, (each) => each.stage(keyId, new Date()));
    else await mesh.rotate(domain, ring.staged?.keyId ?? keyId);
    const { row } = await this.row(null);
    if (this.stream !== null) await this.take(onRing(this.stream.life, row.ring, new Date()));
  }

  // The relays

  async claim(): Promise<boolean> {
    const by = this.random.pick(this.relays);
    const claims = await by.claims.take(1);
    for (const claim of claims) this.underWay.push({ by, claim, sequence: null });
    return claims.length > 0;
  }

  /** What was claimed longest ago is signed and published, if it may be. */
  async send(): Promise<boolean> {
    const each = this.underWay.find(({ sequence }) => sequence === null);
    if (each === undefined) return false;
    const { by, claim } = each;
    const { node, message } = claim;
    const signedBy = message.kind === 'announce' ? message.keyId : this.ring.active.keyId;
    if (message.kind === 'announce' && this.random.next() < 0.1) {
      // The key that it holds does not open.
      this.underWay.splice(this.underWay.indexOf(each), 1);
      await by.results.released({ ...node, deferMs: 0, waits: true });
    } else if (message.epoch !== this.ring.epoch || !this.ring.trusted.some(({ keyId }) => keyId === signedBy)) {
      this.underWay.splice(this.underWay.indexOf(each), 1);
      await by.results.released({ ...node, deferMs: 0 });
    } else if (node.lastSequence !== this.stored) {
      this.underWay.splice(this.underWay.indexOf(each), 1);
      await by.results.otherSequence(node, this.stored);
    } else {
      const lastSequence = this.stored;
      each.sequence = this.stored += 1;
      this.stream?.heard.push(this.wire(claim, signedBy, { sequence: each.sequence, lastSequence }));
    }
    return true;
  }

  async mark(): Promise<boolean> {
    const each = this.underWay.find(({ sequence }) => sequence !== null);
    if (each === undefined) return false;
    this.underWay.splice(this.underWay.indexOf(each), 1);
    const { by, claim, sequence } = each;
    const { nodeId, attempt } = claim.node;
    await by.results.published({
      ...{ nodeId, attempt, sequence: sequence! },
      marks: {
        ...marksOf(claim),
        ...(claim.message.kind === 'ready' && { answeredHelloId: claim.message.helloId }),
      },
      ordinaryIds: ordinaryIds([claim.message]),
    });
    return true;
  }

  /** A relay is gone, whatever it has published; another takes over. It may come with what it has after all. */
  async die(): Promise<void> {
    if (this.random.next() < 0.5) this.underWay.shift();
    await this.world.mesh.set(this.nodeId, `claim_deadline = clock_timestamp() - interval '1 s'`);
  }

  async handleWord(): Promise<boolean> {
    const word = this.words.shift();
    if (word !== undefined) await this.world.say(this.nodeId, word);
    return word !== undefined;
  }

  // The Node, and its gateway

  async open(): Promise<void> {
    if (this.stream !== null) return;
    const { row, presented } = await this.row(this.daemon.lastId);
    const turn = beginStream<WireMessage>(
      { id: `s${(this.names += 1)}`, patienceMs: 10_000 },
      presented,
      row,
      new Date(),
    );
    this.stream = { life: turn.stream, heard: [] };
    await this.take(turn);
  }

  cut(): void {
    this.stream = null;
  }

  restart(): void {
    this.cut();
    this.daemon.restart();
  }

  async hear(): Promise<boolean> {
    const message = this.stream?.heard.shift();
    if (message === undefined || this.stream === null) return false;
    await this.take(onMessage(this.stream.life, message, this.hearing()));
    return true;
  }

  /** A word that has no answer is said again. */
  async beImpatient(): Promise<void> {
    if (this.stream !== null) await this.take(onTime(this.stream.life, this.hearing(6_000)));
  }

  /** It asks for a state, works it in, and says drift. */
  async takeState(): Promise<void> {
    const { row } = await this.row(null);
    const before = this.states.findLast(({ answer }) => answer !== null)?.answer?.form;
    const form = nextForm(this.isWaiting || row.node.waits, this.ring.trusted.length, before);
    const keys = keysOf(this.ring, form);
    const answer = { epoch: this.ring.trustEpoch, form, keys: JSON.stringify(keys), readAt: row.readAt };
    const answered = { stateId: `q${(this.names += 1)}`, ...answer };
    this.states = withNews(this.states, { what: 'begun', stateId: answered.stateId }, Date.now());
    this.states = withNews(this.states, { what: 'answered', ...answered }, Date.now());
    if (!this.daemon.workIn(keys)) return;
    if (this.stream !== null)
      await this.take(onDrift(this.stream.life, { stateId: answered.stateId, setsKeys: true }, this.hearing()));
    this.states = withNews(this.states, { what: 'drift', stateId: answered.stateId }, Date.now());
  }

  /** Nothing is under way any more: neither words nor claims nor what was heard. */
  async rest(): Promise<void> {
    const steps = [
      () => this.handleWord(),
      () => this.claim(),
      () => this.send(),
      () => this.mark(),
      () => this.hear(),
    ];
    for (let isBusy = true; isBusy;) {
      isBusy = false;
      for (const step of steps) while (await step()) isBusy = true;
    }
  }

  private hearing(laterMs = 0): Hearing {
    const now = new Date(Date.now() + laterMs);
    return { states: this.states, hearsSinceMs: 0, heardUntilMs: now.getTime(), now };
  }

  private async take({ stream, deeds }: Turn<WireMessage>): Promise<void> {
    if (this.stream === null) return;
    this.stream.life = stream;
    for (const deed of deeds) {
      if (deed.kind === 'write') this.daemon.read(deed.message);
      if (deed.kind === 'say') this.words.push(deed.word);
      if (deed.kind === 'end') this.stream = null;
      if (deed.kind === 'catchUp' && this.stream !== null) await this.take(onTime(this.stream.life, this.hearing()));
      if (deed.kind === 'look' && this.stream !== null) {
        const { row } = await this.row(null);
        await this.take(onRow(this.stream.life, row, new Date()));
      }
    }
  }

  private async row(id: number | null): Promise<{ row: NodeRow; presented: PresentedId | null }> {
    const readAt = await this.world.mesh.now();
    const { rows } = await this.world.mesh.pool.query(NODE, [this.nodeId, id]);
    const { lastSequence, issuedAt, ...node } = rows[0];
    const ring = (await readGoRings(this.world.source.manager, [this.world.domain])).get(this.world.domain)!;
    return { row: { node, ring, readAt, lastSequence }, presented: id === null ? null : { id, issuedAt } };
  }

  private wire(
    { node, message }: Claim,
    signedBy: string,
    sequences: { sequence: number; lastSequence: number },
  ): WireMessage {
    const of = { ...sequences, issuedAt: new Date(), signedBy };
    switch (message.kind) {
      case 'announce':
        return { ...of, kind: 'key', from: message.from!, epoch: message.trustEpoch!, keys: announced(this.ring) };
      case 'ready': {
        const helloId = node.hello === null ? '' : message.helloId;
        return { ...of, kind: 'ready', helloId, epoch: message.trustEpoch!, position: message.position! };
      }
      case 'ordinary': {
        const { position, eventId } = message.event;
        return { ...of, kind: 'ordinary', epoch: message.trustEpoch!, position, eventId };
      }
      case 'chain':
        throw new Error('a chain to a Node that reads no statement');
    }
  }
}
