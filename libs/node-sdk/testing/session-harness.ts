/** A NodeSession without bus and disk, and the relay at its other end. For specs only. */
import { envelopeBy, type EventFields, type TestKey } from '@plexsphere/testkit';
import type { Ack, Hello, StreamReady } from '@plexsphere/wire';
import { readBundle } from '@plexsphere/wire/jws';
import type { ReportedRing } from '@plexsphere/wire/commands';
import type { BeforeProof } from '../src/member/channel-member';
import type { ReportAnswer } from '../src/member/reporter';
import { RunningMember } from '../src/member/running-member';
import { silent, type Handler, type NodeEvent, type Refused, type Trusts } from '../src/node-observer';
import { NodeSession } from '../src/session/node-session';
import type { StreamMessage } from '../src/transport/stream-message';
import { parseTrustFile } from '../src/store/trust-file';
import { trustAtEnrolment, type TrustState } from '../src/trust/trust-state';
import type { PlayedMember } from './played-ring';
import type { TestMesh } from './test-mesh';
import { trustFileBytes } from './trust-file-bytes';

const asOnDisk = (state: TrustState): TrustState => parseTrustFile(trustFileBytes(state))!;

export class SessionHarness {
  readonly hellos: Hello[] = [];
  readonly acks: Ack[] = [];
  readonly handled: NodeEvent[] = [];
  readonly refused: Refused[] = [];
  readonly trusts: Trusts[] = [];
  /** What a restart would find. */
  onDisk: TrustState;
  readonly resyncs: NodeEvent[] = [];
  /** Everything that was on the stream. */
  readonly sent: StreamMessage[] = [];
  saves = 0;
  handler: Handler = async () => undefined;
  /** Replaced by a spec whose disk is slow or full. */
  beforeSave: () => Promise<void> = async () => undefined;
  session: NodeSession;
  /** Of a channel's member. */
  member: RunningMember | undefined;
  readonly reports: ReportedRing[][] = [];
  readonly changes: string[] = [];
  /** Replaced by a spec whose rotation is away. */
  answer: () => Promise<ReportAnswer> = async () => ({ kind: 'answered', reply: { rings: [] } });
  private sequence = 0;
  private lives = 0;

  private constructor(
    readonly mesh: TestMesh,
    state: TrustState,
    readonly now: () => Date,
    private readonly sharing: Sharing | undefined,
  ) {
    this.onDisk = asOnDisk(state);
    this.session = this.begin(state);
  }

  static async create(mesh: TestMesh, now: () => Date = () => new Date(), sharing?: Sharing): Promise<SessionHarness> {
    return new SessionHarness(mesh, trustAtEnrolment(mesh.nodeId, readBundle(await mesh.bundle(now()))), now, sharing);
  }

  /** The process dies and comes again with what is on the disk. */
  crash(): void {
    this.session.stop();
    this.member?.stop();
    this.session = this.begin(this.onDisk);
  }

  get handledIds(): string[] {
    return this.handled.map(({ eventId }) => eventId);
  }

  get lastHello(): Hello {
    return this.hellos.at(-1)!;
  }

  /** Connects, and answers the hello. */
  async connectAndAnswer(): Promise<void> {
    this.session.connected();
    await this.ready();
  }

  /** The stream goes on where the Node is, unless `members` says otherwise. */
  ready(helloId = this.lastHello.hello_id, members: Partial<StreamReady> = {}): Promise<void> {
    const { position } = this.session.state;
    const standing = { resumes_after: position, last_position: position, ...members };
    return this.send({ kind: 'event', text: this.mesh.ready(this.now(), helloId, standing) });
  }

  /** The next message on the stream. */
  send(message: StreamMessage): Promise<void> {
    const lastSequence = this.sequence;
    this.sequence += 1;
    this.sent.push(message);
    return this.session.take({ sequence: this.sequence, lastSequence, ...message });
  }

  /** An ordinary event, signed now. */
  event(position: number, fields: EventFields & { by?: TestKey } = {}): Promise<void> {
    return this.send({ kind: 'event', text: this.envelope(position, fields), position });
  }

  envelope(position: number, { by = this.mesh.ring.active, ...fields }: EventFields & { by?: TestKey } = {}): string {
    return envelopeBy(by, this.mesh.ring.scope, this.now(), { eventId: `event-${position}`, ...fields });
  }

  keyEvent(text: string): Promise<void> {
    return this.send({ kind: 'event', text });
  }

  chain(text: string): Promise<void> {
    return this.send({ kind: 'chain', text });
  }

  /** A message of the stream that never arrives. */
  lose(): void {
    this.sequence += 1;
  }

  /** The bus lost its disk: its sequences begin anew. */
  loseStream(): void {
    this.sequence = 0;
  }

  /** Until what was put is saved; needs no clock. */
  async flushed(): Promise<void> {
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  }

  private begin(state: TrustState): NodeSession {
    const handler: Handler = async (event) => {
      await this.handler(event);
      this.handled.push(event);
    };
    const life = (this.lives += 1);
    this.member = this.sharing && this.memberOf(this.sharing);
    const session = new NodeSession({
      state,
      member: this.member,
      handler,
      save: async (next) => {
        await this.beforeSave();
        if (life !== this.lives) throw new Error('a process that died writes nothing');
        this.saves += 1;
        this.onDisk = asOnDisk(next);
      },
      sayHello: (hello) => this.hellos.push(hello),
      acknowledge: (ack) => this.acks.push(ack),
      observer: {
        onRefused: (refused) => this.refused.push(refused),
        onTrusts: (trusts) => this.trusts.push(trusts),
        onResync: (event) => this.resyncs.push(event),
      },
      logger: silent,
      now: this.now,
    });
    this.session = session;
    this.member?.start(state.rings);
    return session;
  }

  private memberOf({ slug, member, beforeProof }: Sharing): RunningMember {
    const { nodeId, side, sealing } = member;
    return new RunningMember({
      names: { nodeId, slug, side, sealingPrivateKey: sealing.privateKey },
      beforeProof,
      send: (rings) => {
        this.reports.push(rings);
        return this.answer();
      },
      onOver: () => this.session.dropOver(),
      onChange: (scope) => this.changes.push(scope),
      logger: silent,
      clocks: { now: this.now, monotonicMs: () => this.now().getTime() },
    });
  }
}

/** What makes a Node a channel's member. */
export interface Sharing {
  slug: string;
  member: PlayedMember;
  beforeProof?: BeforeProof;
}
