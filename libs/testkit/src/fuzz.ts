import fc from 'fast-check';
import { seededRandom } from './seeded-random';

/** A parser of bytes from outside, and what must hold of it whatever it is given. */
export interface FuzzTarget<Parsed> {
  /** Texts that it accepts: what is tried are these, mutilated. */
  samples: readonly string[];
  parse: (text: string) => Parsed | Promise<Parsed>;
  /** Whether an error is one that callers of the parser expect. Anything else thrown is a defect. */
  refuses: (error: unknown) => boolean;
  /** Throws where what was accepted is not what it should be: does not come back as it was when it is written again, say. */
  accepted: (parsed: Parsed, text: string) => void | Promise<void>;
}

/** Of one parser, in seconds: PLEXSPHERE_FUZZ_SECONDS, else enough to be worth it in every run of the tests. */
export const FUZZ_SECONDS = Number(process.env['PLEXSPHERE_FUZZ_SECONDS'] ?? 0.5);

/** For Jest, in milliseconds: the fuzzing, and room to shrink what was found. */
export const FUZZ_TIMEOUT_MS = FUZZ_SECONDS * 1_000 + 60_000;

/**
 * What a parser may take at most: far above what any of ours needs, far below what one whose time grows with the square
 * of the length would need for the longest text that is tried.
 */
const limitMs = (text: string): number => 20 + text.length / 100;
/** Of the processor's time, since the machine may be busy with something else; the best of so many counts. */
const TRIES = 5;

/**
 * Tries the parser for some seconds: nothing is thrown but refusals, nothing takes longer than its length allows, and
 * what is accepted is what it should be. The seed is printed; TEST_SEED gives it again.
 */
export async function fuzz<Parsed>(target: FuzzTarget<Parsed>): Promise<void> {
  for (const sample of target.samples) await target.accepted(await target.parse(sample), sample);
  await fc.assert(
    fc.asyncProperty(mutilated(target.samples), async (text) => {
      const beganAt = performance.now();
      const parsed = await attempt(target, text);
      if (performance.now() - beganAt > limitMs(text)) await expectFast(target, text);
      if (parsed !== undefined) await target.accepted(parsed.value, text);
    }),
    { seed: seededRandom().seed, numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: FUZZ_SECONDS * 1_000 },
  );
}

async function attempt<Parsed>(target: FuzzTarget<Parsed>, text: string): Promise<{ value: Parsed } | undefined> {
  try {
    return { value: await target.parse(text) };
  } catch (error) {
    if (target.refuses(error)) return undefined;
    throw error;
  }
}

async function expectFast<Parsed>(target: FuzzTarget<Parsed>, text: string): Promise<void> {
  let bestMs = Infinity;
  for (let i = 0; i < TRIES && bestMs > limitMs(text); i += 1) {
    const before = process.cpuUsage();
    await attempt(target, text);
    const { user, system } = process.cpuUsage(before);
    bestMs = Math.min(bestMs, (user + system) / 1_000);
  }
  if (bestMs > limitMs(text)) throw new Error(`${text.length} characters took ${Math.round(bestMs)} ms`);
}

type Edit = (text: string) => string;

/** Where, as a share of the text's length: an edit keeps its meaning when the ones before it are shrunk away. */
const place = fc.double({ min: 0, max: 1, noNaN: true });
const at = (share: number, text: string): number => Math.round(share * text.length);
const insertAt = (share: number, insertion: string): Edit => {
  return (text) => text.slice(0, at(share, text)) + insertion + text.slice(at(share, text));
};

/** What parsers have stumbled over before: nesting, length, escapes, lone surrogates, numbers, names that objects have. */
const HOSTILE = [
  '[',
  '{"a":',
  '{',
  ',',
  '"',
  '\\',
  '\\u0000',
  '\\ud800',
  '\ud800',
  '\u0000',
  '\u202e',
  ' ',
  '.',
  '=',
  'A',
  '9',
  '-0',
  '1e400',
  'null',
  'true',
  '{}',
  '[]',
  '"__proto__":{"a":1},',
  '"constructor":1,',
  '"toString":"x",',
  '-----BEGIN NATS USER JWT-----\n',
  '::',
  '/',
  '\r\n',
];

/** Any characters. fast-check's own `unit: 'binary'` takes a second to make, which each spec file would pay at its import. */
export const anyCharacter = fc
  .integer({ min: 0, max: 0x10_f7ff })
  .map((point) => String.fromCodePoint(point < 0xd800 ? point : point + 0x800));

const insertion = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...HOSTILE) },
  { weight: 2, arbitrary: fc.string({ maxLength: 20, unit: anyCharacter }) },
  { weight: 1, arbitrary: fc.json({ maxDepth: 3 }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(...HOSTILE), fc.constantFrom(2, 600, 20_000))
      .map(([text, times]) => text.repeat(times)),
  },
);

const edits = (samples: readonly string[]): fc.Arbitrary<Edit> =>
  fc.oneof(
    fc.tuple(place, insertion).map(([share, text]) => insertAt(share, text)),
    fc.tuple(place, fc.integer({ min: 1, max: 40 })).map(
      ([share, length]): Edit =>
        (text) =>
          text.slice(0, at(share, text)) + text.slice(at(share, text) + length),
    ),
    fc.tuple(place, insertion).map(
      ([share, instead]): Edit =>
        (text) =>
          text.slice(0, at(share, text)) + instead + text.slice(at(share, text) + instead.length),
    ),
    fc.tuple(place, place, place).map(
      ([from, to, share]): Edit =>
        (text) =>
          insertAt(
            share,
            text.slice(Math.min(at(from, text), at(to, text)), Math.max(at(from, text), at(to, text))),
          )(text),
    ),
    fc.tuple(fc.constantFrom(...samples), place, place).map(
      ([other, here, there]): Edit =>
        (text) =>
          text.slice(0, at(here, text)) + other.slice(at(there, other)),
    ),
    fc.tuple(fc.nat(), insertion).map(([which, value]) => replaceValue(which, value)),
    fc.tuple(fc.nat(), place).map(([which, share]) => otherCase(which, share)),
  );

const mutilated = (samples: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof(
    {
      weight: 20,
      arbitrary: fc
        .tuple(fc.constantFrom(...samples), fc.array(edits(samples), { minLength: 1, maxLength: 5 }))
        .map(([sample, steps]) => steps.reduce((text, step) => step(text), sample)),
    },
    { weight: 1, arbitrary: insertion },
  );

const VALUE = /:\s*("(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null)/g;

/** The value of one member, so that a text stays well-formed JSON more often than chance would leave it. */
const replaceValue =
  (which: number, value: string): Edit =>
  (text) => {
    if (text.length > 100_000) return text;
    const values = [...text.matchAll(VALUE)];
    const found = values[which % Math.max(1, values.length)];
    if (found === undefined) return text;
    return `${text.slice(0, found.index)}:${value}${text.slice(found.index + found[0].length)}`;
  };

/** One letter in its other case: another base64 text of the same length, or another spelling of a name. */
const otherCase =
  (which: number, share: number): Edit =>
  (text) => {
    const start = at(share, text) + (which % 7);
    const letter = text.charAt(start);
    const other = letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase();
    return text.slice(0, start) + other + text.slice(start + 1);
  };
