/**
 * S5, S6, S7: whatever a thief does who has a relay's credential, and the keys that went out of use, a while after he is
 * gone the Node hears what there is, trusts the mesh's keys and no other, and has applied nothing twice.
 */
import fc from 'fast-check';
import { FUZZ_SECONDS, FUZZ_TIMEOUT_MS, envelopeBy, seededRandom, testKey, type TestKey } from '@plexsphere/testkit';
import { publicText } from '@plexsphere/wire';
import { statementHash, type TrustAnchor } from '@plexsphere/wire/jws';
import { HonestRelay } from '../../testing/honest-relay';
import { SessionHarness } from '../../testing/session-harness';
import { TestMesh } from '../../testing/test-mesh';

/** Some sixteen a second. */
const RUNS = Math.ceil(80 * FUZZ_SECONDS);
const START = new Date('2026-03-01T12:00:00Z');
const POSITIONS = [0, 1, 2, 3, 7, 10 ** 15, Number.MAX_SAFE_INTEGER - 1];

/** An announcement of a successor, a chain to it, or a bundle of the true heads with a number of his choice. */
type How = 'announce' | 'chain' | 'bundle';

type Step =
  | {
      kind:
        | 'publish'
        | 'serve'
        | 'rotate'
        | 'close'
        | 'rotate-platform'
        | 'close-platform'
        | 'restart'
        | 'lose'
        | 'reconnect';
    }
  | { kind: 'pass'; seconds: number }
  /** A true envelope under a header of the thief's choice. */
  | { kind: 'header'; event: number; position: number }
  /** A stream_ready that he had signed. */
  | { kind: 'ready'; resumesAfter: number; more: number; leaked: boolean }
  /** One of his own making. */
  | { kind: 'capture'; ring: 'ring' | 'platform'; how: How }
  /** A message that once was on the stream. */
  | { kind: 'replay'; which: number };

const position = fc.constantFrom(...POSITIONS);
const honest = fc.constantFrom<Step>(
  ...(['publish', 'publish', 'serve', 'serve', 'rotate', 'close', 'rotate-platform', 'close-platform'] as const).map(
    (kind) => ({ kind }),
  ),
  ...(['restart', 'lose', 'reconnect'] as const).map((kind) => ({ kind })),
);
const thief = fc.oneof<fc.Arbitrary<Step>[]>(
  fc.record({ kind: fc.constant('header' as const), event: fc.nat(9), position }),
  fc.record({ kind: fc.constant('ready' as const), resumesAfter: position, more: fc.nat(9), leaked: fc.boolean() }),
  fc.record({
    kind: fc.constant('capture' as const),
    ring: fc.constantFrom('ring' as const, 'platform' as const),
    how: fc.constantFrom<How[]>('announce', 'chain', 'bundle'),
  }),
  fc.record({ kind: fc.constant('replay' as const), which: fc.nat(99) }),
);
const pass = fc.record({ kind: fc.constant('pass' as const), seconds: fc.constantFrom(1, 20, 90) });
const steps = fc.array<Step>(
  fc.oneof({ weight: 5, arbitrary: honest }, { weight: 4, arbitrary: thief }, { weight: 1, arbitrary: pass }),
  {
    minLength: 5,
    maxLength: 30,
  },
);

class Theft {
  readonly relay: HonestRelay;
  readonly leaked: Record<'ring' | 'platform', TestKey[]> = { ring: [], platform: [] };
  readonly mallory = testKey('mallory');
  /** Events that a stream_ready signed for the thief made the Node pass over: lost, and his power while he is there. */
  passedOver = false;
  private named = 1;

  private constructor(readonly node: SessionHarness) {
    this.relay = new HonestRelay(node);
  }

  static async begin(): Promise<Theft> {
    const node = await SessionHarness.create(await TestMesh.create(START));
    node.session.connected();
    return new Theft(node);
  }

  async run(step: Step): Promise<void> {
    const { node, relay } = this;
    const { mesh } = node;
    if (step.kind === 'publish') relay.publish();
    else if (step.kind === 'serve') await relay.serve();
    else if (step.kind === 'rotate') await this.rotate('ring');
    else if (step.kind === 'rotate-platform') await this.rotate('platform');
    else if (step.kind === 'close' && mesh.ring.retiring !== undefined) mesh.ring.close();
    else if (step.kind === 'close-platform' && mesh.platform.retiring !== undefined) mesh.platform.close();
    else if (step.kind === 'restart') await this.restart();
    else if (step.kind === 'lose') node.lose();
    else if (step.kind === 'reconnect') this.reconnect();
    else if (step.kind === 'pass') await jest.advanceTimersByTimeAsync(step.seconds * 1_000);
    else await this.steal(step);
    await node.flushed();
  }

  /** He is gone. A minute later the Node has said where it is, and a relay has answered. */
  async heal(): Promise<void> {
    for (let minute = 0; minute < 4; minute += 1) {
      await jest.advanceTimersByTimeAsync(60_000);
      this.node.session.acknowledge();
      await this.relay.serve();
    }
  }

  private async steal(step: Step): Promise<void> {
    const { node, relay } = this;
    if (step.kind === 'header' && relay.events.length > 0) {
      const { eventId } = relay.events[step.event % relay.events.length]!;
      this.passedOver = true;
      await node.send({ kind: 'event', text: node.envelope(0, { eventId }), position: step.position });
    } else if (step.kind === 'ready') {
      const standing = { resumes_after: step.resumesAfter, last_position: step.resumesAfter + step.more };
      const by = (step.leaked ? this.leaked.ring.at(-1) : node.mesh.ring.active) ?? this.mallory;
      // A Node that has not been told yet takes the outgoing key's word: for it that key is the active one.
      if (by.keyId === node.session.state.ring.activeKeyId) this.passedOver = true;
      const text = node.mesh.ready(node.now(), node.lastHello.hello_id, standing, { by });
      await node.send({ kind: 'event', text });
    } else if (step.kind === 'capture') await this.capture(step.ring, step.how);
    else if (step.kind === 'replay' && node.sent.length > 0) {
      await node.send(node.sent[step.which % node.sent.length]!);
    }
  }

  private async capture(which: 'ring' | 'platform', how: How): Promise<void> {
    const { node, mallory } = this;
    const { mesh } = node;
    const leaked = this.leaked[which].at(-1) ?? testKey('nobody');
    const payload = await mesh[which].forgedRotation(leaked, mallory, node.now());
    if (how === 'announce') {
      const eventType = which === 'ring' ? 'signing_key_rotated' : 'platform_key_rotated';
      const by = which === 'ring' ? leaked : mesh.ring.active;
      return node.keyEvent(envelopeBy(by, mesh.ring.scope, node.now(), { eventType, payload }));
    }
    if (how === 'bundle') {
      const by = this.leaked.platform.at(-1) ?? mallory;
      const later = new Date(node.now().getTime() + 60_000);
      const far = await mesh.bundle(later, by, { ...mesh.ring.anchor(), epoch: 10 ** 9 });
      return node.chain(JSON.stringify({ platform_statements: [], statements: [], bundle: far }));
    }
    const captive: TrustAnchor = {
      epoch: payload.epoch,
      trust_epoch: payload.epoch,
      active_key_id: mallory.keyId,
      staged_key_id: null,
      keys: [mallory, leaked].map((key) => ({ key_id: key.keyId, public_key: publicText(key.privateKey) })),
      statement_hash: statementHash(payload.statement),
      head_epoch: payload.epoch,
      next: mesh[which].next,
    };
    const ofRing = which === 'ring';
    const bundle = ofRing
      ? await mesh.bundle(node.now(), this.leaked.platform.at(-1) ?? mallory, captive)
      : await mesh.bundle(node.now(), mallory, mesh.ring.anchor(), captive);
    const lists = ofRing ? { statements: [payload.statement] } : { platform_statements: [payload.statement] };
    await node.chain(JSON.stringify({ platform_statements: [], statements: [], ...lists, bundle }));
  }

  private async rotate(which: 'ring' | 'platform'): Promise<void> {
    const ring = this.node.mesh[which];
    this.leaked[which].push(ring.active);
    await ring.rotate(`${which}-${(this.named += 1)}`, this.node.now(), 7 * 60_000);
  }

  private async restart(): Promise<void> {
    await this.node.flushed();
    this.node.crash();
    this.reconnect();
  }

  private reconnect(): void {
    this.node.session.disconnected();
    this.node.session.connected();
  }
}

const handledOnce = ({ node }: Theft): boolean => new Set(node.handledIds).size === node.handledIds.length;

function trustsTheMesh({ node }: Theft): void {
  const { mesh, session } = node;
  for (const which of ['ring', 'platform'] as const) {
    const raw = session.state[which].keys.map(({ publicKey }) => publicText(publicKey));
    const ours = mesh[which].keys.map(({ privateKey }) => publicText(privateKey));
    expect(raw.filter((key) => !ours.includes(key))).toEqual([]);
    expect(session.state[which].epoch).toBeLessThanOrEqual(mesh[which].epoch);
  }
}

beforeEach(() => jest.useFakeTimers({ now: START }));
afterEach(() => jest.useRealTimers());

test(
  'S5, S6, S7: any theft is over when the thief is gone',
  async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (story) => {
        const theft = await Theft.begin();
        for (const step of story) {
          await theft.run(step);
          expect(handledOnce(theft)).toBe(true);
          trustsTheMesh(theft);
        }
        await theft.heal();
        const fresh = [theft.relay.publish(), theft.relay.publish(), theft.relay.publish()];
        await theft.heal();
        const { node, relay } = theft;
        node.session.stop();
        expect(node.handledIds.slice(-3)).toEqual(fresh);
        expect(handledOnce(theft)).toBe(true);
        expect(node.onDisk.position).toBe(relay.events.length);
        if (!theft.passedOver) expect(node.handledIds).toEqual(relay.events.map(({ eventId }) => eventId));
        trustsTheMesh(theft);
        for (const which of ['ring', 'platform'] as const) {
          expect(node.onDisk[which].activeKeyId).toBe(node.mesh[which].active.keyId);
          expect(node.onDisk[which].epoch).toBe(node.mesh[which].epoch);
        }
      }),
      { numRuns: RUNS, seed: seededRandom().seed },
    );
  },
  10 * FUZZ_TIMEOUT_MS,
);
