import { seededRandom, type SeededRandom } from '@plexsphere/testkit';
import {
  NUDGES,
  batchOf,
  failureOf,
  mostFailuresOf,
  nextFleetStep,
  refusedBy,
  wavesOf,
  type FleetFacts,
  type StepFacts,
} from './fleet-step';

const BEGAN = new Date('2026-11-22T10:00:00Z');
const later = (seconds: number): Date => new Date(BEGAN.getTime() + 1_000 * seconds);
const run = (over: Partial<FleetFacts> = {}): FleetFacts => ({
  ...{ mostFailures: null, deadlineMs: 60_000, waves: 3, wave: 1, waveBeganAt: BEGAN, nudges: 1 },
  ...{ ordered: 0, failed: 0, forgiven: 0, ...over },
});

describe('between waves', () => {
  it.each<[string, Partial<FleetFacts>, object]>([
    ['the first one begins', { wave: 0, waveBeganAt: null, nudges: 0 }, { step: 'begin_wave', wave: 1 }],
    ['the next one begins', {}, { step: 'begin_wave', wave: 2 }],
    ['whatever failed', { failed: 3 }, { step: 'begin_wave', wave: 2 }],
    ['as long as no more failed than may', { failed: 2, mostFailures: 2 }, { step: 'begin_wave', wave: 2 }],
    ['with one more it halts', { failed: 3, mostFailures: 2 }, { step: 'halt' }],
    ['with the first one where none may', { failed: 1, mostFailures: 0 }, { step: 'halt' }],
    [
      'what was gone on after counts no more',
      { failed: 3, forgiven: 1, mostFailures: 2 },
      { step: 'begin_wave', wave: 2 },
    ],
    ['there is none after the last', { wave: 3 }, { step: 'finish' }],
    ['nothing is left to halt after the last', { wave: 3, failed: 9, mostFailures: 0 }, { step: 'finish' }],
  ])('%s', (_, over, next) => {
    expect(nextFleetStep(run(over), later(3_600))).toEqual(next);
  });
});

describe('while a wave is under way', () => {
  const ordered = { ordered: 2, failed: 9, mostFailures: 0 };

  it.each<[number, number, object]>([
    [0, 1, { step: 'wait', until: later(20) }],
    [19.999, 1, { step: 'wait', until: later(20) }],
    [20, 1, { step: 'nudge', nudge: 2 }],
    [21, 2, { step: 'wait', until: later(40) }],
    [40, 2, { step: 'nudge', nudge: 3 }],
    [45, 1, { step: 'nudge', nudge: 3 }],
    [45, 3, { step: 'wait', until: later(60) }],
    [59.999, 3, { step: 'wait', until: later(60) }],
    [60, 3, { step: 'end_wave' }],
    [3_600, 1, { step: 'end_wave' }],
  ])('%s s after it began, told %s times', (seconds, nudges, next) => {
    expect(nextFleetStep(run({ ...ordered, nudges }), later(seconds))).toEqual(next);
  });

  it('waits for a time that is not over, and at which there is something to do', () => {
    for (let deadlineMs = 5_000; deadlineMs < 5_050; deadlineMs++) {
      for (const nudges of [1, 2, 3]) {
        const waiting = run({ ...ordered, deadlineMs, nudges });
        const next = nextFleetStep(waiting, BEGAN);
        if (next.step !== 'wait') throw new Error(next.step);
        expect(next.until > BEGAN).toBe(true);
        expect(nextFleetStep(waiting, next.until).step).not.toBe('wait');
      }
    }
  });
});

/** Nodes that confirm, fail by themselves, say nothing, or are gone, at any time; and a loop that looks whenever it likes. */
function play(random: SeededRandom) {
  const pick = (most: number): number => random.integer(0, most);
  const nodes = 1 + pick(40);
  const mode = random.pick(['sequential', 'rolling', 'parallel'] as const);
  const batch = batchOf(mode, 1 + pick(9));
  const onError = random.pick(['continue', 'stop-after', 'fail-fast'] as const);
  const mostFailures = mostFailuresOf(onError, pick(3));
  let state = run({
    mostFailures,
    deadlineMs: 5_000 + pick(60_000),
    waves: wavesOf(nodes, batch),
    wave: 0,
    waveBeganAt: null,
    nudges: 0,
  });
  const seen = { nodes, batch, mostFailures, begun: [] as number[], toldInWave: 0, skipped: 0, rotated: 0 };
  let now = BEGAN.getTime();
  for (let turn = 0; turn < 2_000; turn++) {
    const next = nextFleetStep(state, new Date(now));
    if (next.step === 'halt' || next.step === 'finish') return { ...seen, state, end: next.step };
    if (next.step === 'begin_wave') {
      expect(state.ordered).toBe(0);
      expect(state.failed).toBeLessThanOrEqual(mostFailures ?? state.failed);
      const size = Math.min(batch, nodes - (next.wave - 1) * batch);
      const skipped = pick(2) === 0 ? pick(size) : 0;
      seen.skipped += skipped;
      seen.begun.push(next.wave);
      seen.toldInWave = 1;
      state = { ...state, wave: next.wave, waveBeganAt: new Date(now), nudges: 1, ordered: size - skipped };
    } else if (next.step === 'nudge') {
      expect(++seen.toldInWave).toBeLessThanOrEqual(NUDGES);
      state = { ...state, nudges: next.nudge };
    } else if (next.step === 'end_wave') {
      expect(now - (state.waveBeganAt?.getTime() ?? 0)).toBeGreaterThanOrEqual(state.deadlineMs);
      state = { ...state, failed: state.failed + state.ordered, ordered: 0 };
    } else {
      expect(state.ordered).toBeGreaterThan(0);
      const confirmed = pick(state.ordered);
      const failed = pick(3) === 0 ? state.ordered - confirmed : 0;
      seen.rotated += confirmed;
      state = { ...state, ordered: state.ordered - confirmed - failed, failed: state.failed + failed };
      now += pick(10_000);
    }
  }
  throw new Error('does not end');
}

describe('any run, whatever its Nodes do', () => {
  let plays: ReturnType<typeof play>[];
  beforeAll(() => {
    const random = seededRandom();
    plays = Array.from({ length: 2_000 }, () => play(random));
  });

  it('ends, with its waves one after the other, each once', () => {
    for (const { begun } of plays) expect(begun).toEqual(begun.map((_, index) => index + 1));
  });

  it('has ended every step that it ordered, and at its end every step that there was', () => {
    for (const { state, rotated, skipped, nodes, end } of plays) {
      expect(state.ordered).toBe(0);
      const ended = rotated + skipped + state.failed;
      if (end === 'finish') expect(ended).toBe(nodes);
      else expect(ended).toBeLessThan(nodes);
    }
  });

  it('halts exactly where more failed than may and waves are left, and at the first such wave', () => {
    for (const { state, mostFailures, end } of plays) {
      const isTooMuch = mostFailures !== null && state.failed > mostFailures;
      expect(end).toBe(isTooMuch && state.wave < state.waves ? 'halt' : 'finish');
    }
    expect(new Set(plays.map(({ end }) => end))).toEqual(new Set(['halt', 'finish']));
  });

  it('goes on after a halt with the next wave, and halts again by what fails from then on', () => {
    const halted = plays.filter(({ end }) => end === 'halt');
    expect(halted.length).toBeGreaterThan(10);
    for (const { state } of halted) {
      const resumed = { ...state, forgiven: state.failed };
      expect(nextFleetStep(resumed, BEGAN)).toEqual({ step: 'begin_wave', wave: state.wave + 1 });
      const again = { ...resumed, failed: state.failed + (state.mostFailures ?? 0) + 1 };
      expect(nextFleetStep(again, BEGAN)).toEqual({ step: 'halt' });
    }
  });
});

describe('why a step failed', () => {
  const facts = (over: Partial<StepFacts> = {}): StepFacts => ({
    ...{ node: 'enrolled', isContested: false, hasChanged: false, connections: 1, heardAt: BEGAN, ...over },
  });

  it.each<[string, Partial<StepFacts>, boolean]>([
    ['removed', { node: 'removed', connections: 0 }, true],
    ['revoked', { node: 'revoked', isContested: true }, false],
    ['contested', { isContested: true, hasChanged: true }, false],
    ['not_confirmed', { hasChanged: true, connections: 0 }, true],
    ['offline', { connections: 0 }, true],
    ['offline', { connections: undefined, heardAt: later(-180) }, false],
    ['revocation_list_full', {}, true],
    ['no_answer', {}, false],
    ['no_answer', { connections: undefined }, false],
  ])('%s: %j', (reason, over, isListFull) => {
    expect(failureOf(facts(over), isListFull, BEGAN)).toBe(reason);
  });

  it.each<[string | null, Partial<StepFacts>]>([
    ['removed', { node: 'removed' }],
    ['revoked', { node: 'revoked' }],
    ['contested', { isContested: true }],
    [null, { connections: 0, hasChanged: true }],
  ])('a wave that begins leaves it out: %s', (reason, over) => {
    expect(refusedBy(facts(over))).toBe(reason);
  });
});
