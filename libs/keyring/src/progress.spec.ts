import fc from 'fast-check';
import { scopePolicy } from './scope-policy';
import { closeGate, counted, type NodeFacts, OFFLINE_AFTER_MS, type Outstanding, progressOf } from './progress';

const NOW = new Date('2024-05-01T12:00:00Z');
const ago = (ms: number) => new Date(NOW.getTime() - ms);
const node = (name: string, facts: Partial<NodeFacts> = {}): NodeFacts => ({
  name,
  toldEpoch: 2,
  appliedEpoch: 2,
  firstSeenAt: ago(3_600_000),
  lastSeenAt: ago(1_000),
  ...facts,
});

describe('progressOf', () => {
  it('counts every enrolled Node once as applied, lagging or pending', () => {
    const progress = progressOf(
      [
        node('current'),
        node('ahead', { toldEpoch: 3, appliedEpoch: 3 }),
        node('told', { appliedEpoch: 1 }),
        node('untold', { toldEpoch: 1, appliedEpoch: 1 }),
        node('new', { firstSeenAt: null, lastSeenAt: null }),
      ],
      2,
      NOW,
    );
    expect(progress).toEqual({
      enrolled: 5,
      sent: 4,
      applied: 2,
      lagging: counted(['told', 'untold']),
      pending: counted(['new']),
      offline: counted([]),
      quietest: { name: 'current', since: ago(1_000) },
    });
  });

  it('keeps an offline Node in the sum, and says since when it is silent', () => {
    const lastSeenAt = ago(600_000);
    const progress = progressOf([node('off', { appliedEpoch: 1, lastSeenAt })], 2, NOW);
    expect(progress).toMatchObject({
      enrolled: 1,
      lagging: counted(['off']),
      offline: counted([{ name: 'off', since: lastSeenAt }]),
    });
  });

  it('calls a Node offline at 180 s of silence, not before', () => {
    const offlineAfter = (ms: number) => progressOf([node('n', { lastSeenAt: ago(ms) })], 2, NOW).offline.count;
    expect(offlineAfter(OFFLINE_AFTER_MS - 1)).toBe(0);
    expect(offlineAfter(OFFLINE_AFTER_MS)).toBe(1);
  });

  it('counts silence from the first sign of life where there was no other', () => {
    expect(progressOf([node('once', { lastSeenAt: null })], 2, NOW).offline).toEqual(
      counted([{ name: 'once', since: ago(3_600_000) }]),
    );
  });

  it('never calls a pending Node lagging or offline, whatever its enrolment wrote', () => {
    const pending = node('new', { firstSeenAt: null, lastSeenAt: null, appliedEpoch: 0, toldEpoch: 1 });
    expect(progressOf([pending], 2, NOW)).toMatchObject({
      ...{ applied: 0, lagging: counted([]), pending: counted(['new']), offline: counted([]) },
    });
  });
});

describe('P-4: the four numbers', () => {
  const epoch = fc.integer({ min: 0, max: 4 });
  const time = fc.option(fc.integer({ min: 0, max: 400_000 }).map(ago));
  const mesh = fc
    .array(fc.record({ toldEpoch: epoch, appliedEpoch: epoch, firstSeenAt: time, lastSeenAt: time }), { maxLength: 12 })
    // Who was ever seen was seen first: the last word alone is not there.
    .map((all) =>
      all.map((facts, i) => node(`n${i}`, { ...facts, lastSeenAt: facts.firstSeenAt && facts.lastSeenAt })),
    );
  const always = (property: (nodes: NodeFacts[], trustEpoch: number) => void) =>
    fc.assert(fc.property(mesh, fc.integer({ min: 1, max: 4 }), property), { seed: 7, numRuns: 1_000 });

  it('P-4: add up, whatever is known of whom, and who has applied was sent to', () => {
    let applied = 0;
    always((nodes, trustEpoch) => {
      const progress = progressOf(nodes, trustEpoch, NOW);
      expect(progress.applied + progress.lagging.count + progress.pending.count).toBe(progress.enrolled);
      expect(progress.sent).toBeGreaterThanOrEqual(progress.applied);
      expect(progress.sent).toBeLessThanOrEqual(progress.enrolled);
      applied += progress.applied;
    });
    expect(applied).toBeGreaterThan(100);
  });

  it('P-4: name each Node once, and no Node as silent that was never heard', () => {
    always((nodes, trustEpoch) => {
      const { lagging, pending, offline, quietest } = progressOf(nodes, trustEpoch, NOW);
      expect(new Set([...lagging.first, ...pending.first]).size).toBe(lagging.count + pending.count);
      const silent = [...offline.first, ...(quietest === null ? [] : [quietest])].map(({ name }) => name);
      expect(new Set(silent).size).toBe(silent.length);
      for (const name of silent) expect(pending.first).not.toContain(name);
      for (const { since } of offline.first)
        expect(NOW.getTime() - since.getTime()).toBeGreaterThanOrEqual(OFFLINE_AFTER_MS);
    });
  });

  it('P-4: count a Node that lost its store no more as applied, and no other differently', () => {
    always((nodes, trustEpoch) => {
      const before = progressOf(nodes, trustEpoch, NOW);
      const lost = nodes.find((each) => each.firstSeenAt !== null && each.appliedEpoch >= trustEpoch);
      if (lost === undefined) return;
      const poorer = nodes.map((each) => (each === lost ? { ...each, appliedEpoch: 0, toldEpoch: 0 } : each));
      const after = progressOf(poorer, trustEpoch, NOW);
      expect(after.applied).toBe(before.applied - 1);
      expect([...after.lagging.first].sort()).toEqual([...before.lagging.first, lost.name].sort());
    });
  });

  it('P-4: show how old the last word of those is that still count as there', () => {
    const quiet = node('quiet', { lastSeenAt: ago(OFFLINE_AFTER_MS - 1) });
    const gone = node('gone', { lastSeenAt: ago(OFFLINE_AFTER_MS) });
    expect(progressOf([node('loud'), quiet, gone], 2, NOW).quietest).toEqual({
      name: 'quiet',
      since: ago(OFFLINE_AFTER_MS - 1),
    });
    expect(progressOf([gone], 2, NOW).quietest).toBeNull();
  });
});

describe('closeGate', () => {
  const transition = { closesAt: NOW };
  const lagging = { lagging: counted(['slow']) };
  const nobody = { lagging: counted([]) };
  const gate = (progress: Outstanding, now: Date, force = false, policy = scopePolicy('domain')) =>
    closeGate(progress, transition, now, force, policy);

  it('blocks before closes_at while Nodes lag', () => {
    expect(gate(lagging, ago(1))).toEqual({ allowed: false, forced: false, lagging: ['slow'], earlyByMs: 1 });
  });

  it('lets force through, and says that it was force', () => {
    expect(gate(lagging, ago(60_000), true)).toEqual({
      allowed: true,
      forced: true,
      lagging: ['slow'],
      earlyByMs: 60_000,
    });
  });

  it('names lagging Nodes from closes_at on, and does not need force', () => {
    const allowed = { allowed: true, forced: false, lagging: ['slow'], earlyByMs: 0 };
    expect(gate(lagging, NOW)).toEqual(allowed);
    expect(gate(lagging, NOW, true)).toEqual(allowed);
  });

  it('says how early, where nothing is outstanding', () => {
    expect(gate(nobody, ago(5_000))).toEqual({ allowed: true, forced: false, lagging: [], earlyByMs: 5_000 });
  });

  it('blocks nothing in a ring whose keys no Node holds', () => {
    const ungated = { ...scopePolicy('domain'), gate: 'none' } as const;
    const allowed = { allowed: true, forced: false, lagging: ['slow'], earlyByMs: 1 };
    expect(gate(lagging, ago(1), false, ungated)).toEqual(allowed);
    expect(gate(lagging, ago(1), true, ungated)).toEqual(allowed);
  });

  describe('in a ring whose keys sign tokens', () => {
    const tokens = scopePolicy('issuer');
    const over = (tokensOver: Date | null | undefined) => ({ ...nobody, tokensOver });

    it('blocks until the last of them is over, whether the window is or not', () => {
      for (const now of [ago(2), new Date(NOW.getTime() + 1)]) {
        const left = new Date(now.getTime() + 1);
        expect(gate(over(left), now, false, tokens)).toMatchObject({ allowed: false, forced: false });
        expect(gate(over(left), now, true, tokens)).toMatchObject({ allowed: true, forced: true });
        expect(gate(over(now), now, true, tokens)).toMatchObject({ allowed: true, forced: false });
      }
    });

    it('blocks while nobody knows when that is, and where it is no time', () => {
      expect(gate(over(null), NOW, false, tokens).allowed).toBe(false);
      expect(gate(over(new Date(NaN)), NOW, false, tokens).allowed).toBe(false);
    });

    it('blocks nothing where the old key signed none', () => {
      expect(gate(over(undefined), ago(1), false, tokens).allowed).toBe(true);
    });
  });

  it('does not take a time that is none for the end of the window', () => {
    expect(gate(lagging, new Date(Number.NaN)).allowed).toBe(false);
  });
});
