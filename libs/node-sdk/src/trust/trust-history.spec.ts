/** Any history of key changes, told in any order, again and again: what a Node has left behind it never takes back. */
import fc from 'fast-check';
import { NonceMemory, parseEnvelope, PLATFORM } from '@plexsphere/wire';
import { readBundle } from '@plexsphere/wire/jws';
import { TestMesh } from '../../testing/test-mesh';
import { takeChain } from './chain';
import { isKeyEvent, takeKeyEvent } from './key-events';
import { trustAtEnrolment, trustedKeys, type TrustState } from './trust-state';
import { decisionOn } from './verify';

const START = new Date('2026-03-01T12:00:00Z').getTime();

type Step =
  | { kind: 'rotate' | 'close' | 'rotate-platform' | 'close-platform' | 'chain' }
  /** Delivers what was sent as the n-th, counted round. */
  | { kind: 'deliver'; which: number }
  | { kind: 'pass'; minutes: number };

const change = fc.constantFrom<Step>({ kind: 'rotate' }, { kind: 'close' });
const platformChange = fc.constantFrom<Step>({ kind: 'rotate-platform' }, { kind: 'close-platform' });
const deliver = fc.record({ kind: fc.constant('deliver' as const), which: fc.nat(60) });
const pass = fc.record({ kind: fc.constant('pass' as const), minutes: fc.integer({ min: 1, max: 4 }) });
const chain = fc.constant<Step>({ kind: 'chain' });
const steps = fc.array<Step>(
  fc.oneof(
    { weight: 2, arbitrary: change },
    { weight: 1, arbitrary: platformChange },
    { weight: 1, arbitrary: chain },
    { weight: 6, arbitrary: deliver },
    { weight: 1, arbitrary: pass },
  ),
  { minLength: 5, maxLength: 40 },
);

/** The mesh, what it ever sent, and one Node. */
class History {
  now = START;
  readonly sent: { kind: 'event' | 'chain'; text: string }[] = [];
  readonly dropped = new Set<string>();
  private readonly nonces = new NonceMemory();
  private named = 1;

  private constructor(
    private readonly mesh: TestMesh,
    public state: TrustState,
  ) {}

  static async begin(scope?: string): Promise<History> {
    const mesh = await TestMesh.create(new Date(START), scope);
    return new History(mesh, trustAtEnrolment(mesh.nodeId, readBundle(await mesh.bundle(new Date(START)))));
  }

  async run(step: Step): Promise<void> {
    const { ring, platform } = this.mesh;
    if (step.kind === 'pass') this.now += step.minutes * 60_000;
    else if (step.kind === 'deliver') await this.deliver(step.which);
    else if (step.kind === 'chain') await this.send('chain', this.chain());
    else if (step.kind === 'rotate') {
      await ring.rotate(`key-${(this.named += 1)}`, this.date, 7 * 60_000);
      await this.send('event', ring.rotatedEvent(this.date, { eventId: `rotated-${this.named}` }));
    } else if (step.kind === 'close' && ring.retiring !== undefined) {
      ring.close();
      await this.send('chain', this.chain());
    } else if (step.kind === 'rotate-platform' && ring !== platform) {
      await platform.rotate(`platform-${(this.named += 1)}`, this.date, 7 * 60_000);
      await this.send('event', platform.platformRotatedEvent(ring, this.date));
    } else if (step.kind === 'close-platform' && platform.retiring !== undefined) platform.close();
  }

  /** What brings any Node to the present, whatever it was told and whatever it missed. */
  async catchUp(): Promise<void> {
    await this.send('chain', this.chain());
    await this.deliver(this.sent.length - 1);
  }

  inStepWithTheMesh(): boolean {
    return this.state.ring.epoch === this.mesh.ring.epoch && this.state.platform.epoch === this.mesh.platform.epoch;
  }

  trusted(): string[] {
    return [this.state.ring, this.state.platform].flatMap((anchor) => keyIds(anchor, this.date));
  }

  private get date(): Date {
    return new Date(this.now);
  }

  private chain(): Promise<string> {
    this.now += 1; // Two bundles of one millisecond would be one.
    return this.mesh.chain(this.date, { epoch: 0, platformEpoch: 0 });
  }

  private async send(kind: 'event' | 'chain', text: string | Promise<string>): Promise<void> {
    this.sent.push({ kind, text: await text });
  }

  private async deliver(which: number): Promise<void> {
    const message = this.sent[which % Math.max(1, this.sent.length)];
    if (message === undefined) return;
    const before = this.trusted();
    this.state = message.kind === 'chain' ? await this.takeChain(message.text) : await this.takeEvent(message.text);
    const after = this.trusted();
    for (const keyId of before) if (!after.includes(keyId)) this.dropped.add(keyId);
  }

  private async takeChain(text: string): Promise<TrustState> {
    const result = await takeChain(this.state, text, this.date);
    return result.kind === 'taken' ? result.state : this.state;
  }

  private async takeEvent(text: string): Promise<TrustState> {
    const envelope = parseEnvelope(text);
    const decision = decisionOn(this.state, envelope, this.date, this.nonces);
    if (decision.kind !== 'apply' || !isKeyEvent(envelope.eventType)) return this.state;
    const result = await takeKeyEvent(this.state, envelope.eventType, envelope, decision.key);
    return result.kind === 'taken' ? result.state : this.state;
  }
}

const keyIds = (anchor: TrustState['ring'], now: Date): string[] => trustedKeys(anchor, now).map(({ keyId }) => keyId);

test.each(['a Domain', 'platform'])(
  'a Node of %s: no epoch goes down, no dropped key comes back, and a chain always brings it to the present',
  async (scope) => {
    await fc.assert(
      fc.asyncProperty(steps, async (history) => {
        const node = await History.begin(scope === 'platform' ? PLATFORM : undefined);
        for (const step of history) {
          const { ring, platform } = node.state;
          await node.run(step);
          expect(node.state.ring.epoch).toBeGreaterThanOrEqual(ring.epoch);
          expect(node.state.platform.epoch).toBeGreaterThanOrEqual(platform.epoch);
          expect(node.trusted().filter((keyId) => node.dropped.has(keyId))).toEqual([]);
        }
        await node.catchUp();
        expect(node.inStepWithTheMesh()).toBe(true);
      }),
      { numRuns: 60, seed: 20260301 },
    );
  },
  60_000,
);
