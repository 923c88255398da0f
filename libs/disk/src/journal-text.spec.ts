import { journalLine, readJournal } from './journal-text';

const BODIES = ['{"all":"of it"}', '{"more":1}', '', '{"ä":"\u{1f511} 2"}'];

/** Each line, and the file up to it. */
function journal(bodies: readonly string[]): { text: Buffer; upTo: Buffer }[] {
  let checksum: string | undefined;
  let upTo = Buffer.alloc(0);
  return bodies.map((body) => {
    const line = journalLine(body, checksum);
    checksum = line.checksum;
    upTo = Buffer.concat([upTo, Buffer.from(line.text)]);
    return { text: Buffer.from(line.text), upTo };
  });
}

const lines = journal(BODIES);
const whole = lines.at(-1)!.upTo;

test('what was written is read', () => {
  for (const [at, { upTo }] of lines.entries()) expect(readJournal(upTo)).toEqual(BODIES.slice(0, at + 1));
});

test('cut at any byte it has the lines that are whole; of the first alone nothing may be missing', () => {
  for (let length = 0; length < whole.length; length += 1) {
    const isWhole = lines.filter(({ upTo }) => upTo.length <= length).length;
    expect(readJournal(whole.subarray(0, length))).toEqual(isWhole === 0 ? undefined : BODIES.slice(0, isWhole));
  }
});

test('no bit of it may fall over', () => {
  for (let bit = 0; bit < whole.length * 8; bit += 1) {
    const changed = Buffer.from(whole);
    changed[bit >> 3]! ^= 1 << (bit & 7);
    expect(readJournal(changed)).toBeUndefined();
  }
});

test('no line may be taken out, put in twice, or come from another file', () => {
  const [first, second, third, fourth] = lines.map(({ text }) => text) as [Buffer, Buffer, Buffer, Buffer];
  const other = journal(['{"all":"else"}', BODIES[1]!])[1]!.text;
  for (const order of [
    [second, third],
    [first, third, fourth],
    [first, second, second, third],
    [first, third, second],
    [first, second, third, first],
    [first, other],
    [first, second, Buffer.from('\n')],
    [first, second, Buffer.from('0\n')],
    [first, second, Buffer.from('x')],
  ])
    expect(readJournal(Buffer.concat(order))).toBeUndefined();
});

describe('a power cut in the midst of a write that was long', () => {
  const [first, long] = journal([BODIES[0]!, JSON.stringify({ ids: 'x'.repeat(3_000) })]) as ReturnType<typeof journal>;
  const SECTOR = 512;

  test('whichever of its sectors did not come to the disk, it was not acknowledged and is passed over', () => {
    const sectors = Math.ceil(long!.upTo.length / SECTOR);
    for (let missing = 0; missing < sectors; missing += 1)
      for (let last = missing; last < sectors; last += 1) {
        const bytes = Buffer.from(long!.upTo);
        bytes.fill(0, Math.max(first!.upTo.length, missing * SECTOR), Math.min(bytes.length, (last + 1) * SECTOR));
        expect(readJournal(bytes)).toEqual([BODIES[0]]);
      }
  });

  test('zeros that are no sector, or stand before another line, are damage', () => {
    const holed = Buffer.from(long!.upTo).fill(0, SECTOR, 2 * SECTOR);
    expect(readJournal(Buffer.concat([holed, Buffer.from('1 0123456789abcdef x\n')]))).toBeUndefined();
    expect(readJournal(Buffer.from(long!.upTo).fill(0, SECTOR + 1, 2 * SECTOR))).toBeUndefined();
  });
});
