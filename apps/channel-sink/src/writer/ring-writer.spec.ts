import { temporaryFolder } from '@plexsphere/testkit';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hex, map, ring } from '../../testing/keys';
import { MemoryTarget } from '../../testing/memory-target';
import { RecordFile } from '../record/record-file';
import { SinkError, type SinkErrorCode } from '../sink-error';
import type { Use } from '../sink-key';
import { MOST_BYTES } from '../targets/target';
import { RingWriter, type RingWriterOptions } from './ring-writer';

const place = { ring: 'a-to-b', target: 'file:/t' };
const folders = temporaryFolder();
let store: string;
let target: MemoryTarget;
let lines: { fields: object; message: string }[];
let count = 0;

beforeEach(() => {
  store = join(folders, `${(count += 1)}`);
  mkdirSync(store);
  target = new MemoryTarget(place);
  lines = [];
});

/** Each is a process that has just started. */
const writer = (over: Partial<RingWriterOptions> = {}): RingWriter => {
  const note = (fields: object, message: string): void => void lines.push({ fields, message });
  return new RingWriter({
    ...{ place, target, records: new RecordFile(store, place), logger: { info: note, warn: note } },
    ...{ nodeId: '0b6f3c9e-7f3b-4b8e-9a3d-5d5f6a7b8c9d', scope: 'channel:chat:a-to-b' },
    ...{ use: 'verify' as Use, format: 'map', encoding: 'hex', takeOver: false },
    ...over,
  });
};

const refused = async (work: Promise<unknown>): Promise<SinkErrorCode | 'written'> => {
  try {
    await work;
  } catch (error) {
    expect(error).toBeInstanceOf(SinkError);
    const { message, code } = error as SinkError;
    expect(message).toContain('ring a-to-b, target file:/t');
    for (const keyId of ['k1', 'k2', 'k3', 'mine']) expect(message).not.toContain(hex(keyId));
    return code;
  }
  return 'written';
};

const steps = ['*k1', 'k2 *k1', '*k2 k1', '*k2'];

test('a whole rotation, step by step: what stands is what was told', async () => {
  const sink = writer();
  for (const [index, step] of steps.entries()) {
    expect(await sink.write(ring(step), index + 1)).toEqual({ takenOver: [] });
    expect(target.text).toBe(map(step));
    await sink.look();
  }
  // Who verifies is given the same while a key is staged and when it signs.
  expect(new Set(target.tokens).size).toBe(steps.length - 1);
});

test('who signs is given the active key alone, in either format', async () => {
  await writer({ use: 'sign' }).write(ring('*k2 k1', 'sign'), 1);
  expect(target.text).toBe(map('k2'));
  await writer({ use: 'sign', format: 'active' }).write(ring('*k2 k1', 'sign'), 2);
  expect(JSON.parse(target.text ?? '')).toEqual({ key_id: 'k2', secret: hex('k2') });
});

test('the same again is not written again', async () => {
  await writer().write(ring('*k1'), 1);
  await writer().write(ring('*k1'), 2);
  expect(target.tokens).toHaveLength(1);
});

test('a target that has gone is written anew', async () => {
  await writer().write(ring('*k1'), 1);
  target.byHand(undefined);
  await writer().write(ring('*k1'), 1);
  expect(target.text).toBe(map('k1'));
  expect(lines.map(({ message }) => message)).toContain('target was gone');
});

test('no secret is in a line of the log, nor on record', async () => {
  target.byHand(map('mine'));
  await writer({ takeOver: true }).write(ring('*k1'), 1);
  const said = `${JSON.stringify(lines)}${readFileSync(join(store, 'sink-a-to-b.json'), 'utf8')}`;
  expect(said).toContain('k1');
  for (const keyId of ['k1', 'mine']) expect(said).not.toContain(hex(keyId));
});

describe('somebody else', () => {
  test('has changed the target: it is left as it is, until it is put right', async () => {
    const sink = writer();
    await sink.write(ring('*k1'), 1);
    target.byHand(map('k1', { mine: 'theirs' }));
    expect(await refused(sink.look())).toBe('target_changed');
    expect(await refused(sink.write(ring('k2 *k1'), 2))).toBe('target_changed');
    expect(await refused(writer({ takeOver: true }).write(ring('k2 *k1'), 2))).toBe('target_changed');
    expect(target.text).toBe(map('k1', { mine: 'theirs' }));
    target.byHand(map('k1'));
    expect(await refused(sink.write(ring('k2 *k1'), 2))).toBe('written');
  });

  test('has put back an earlier text of ours', async () => {
    const sink = writer();
    await sink.write(ring('*k1'), 1);
    await sink.write(ring('k2 *k1'), 2);
    target.byHand(map('k1'));
    expect(await refused(sink.write(ring('*k2 k1'), 3))).toBe('target_changed');
  });

  test('changes it between the look and the write: theirs is not lost', async () => {
    const sink = writer();
    await sink.write(ring('*k1'), 1);
    target.next = { before: () => target.byHand('{"mine":"theirs"}') };
    expect(await refused(sink.write(ring('k2 *k1'), 2))).toBe('target_changed');
    expect(target.text).toBe('{"mine":"theirs"}');
  });

  test('changes it between the write and the reading back: nothing is proven', async () => {
    target.next = { after: () => target.byHand('{"mine":"theirs"}') };
    expect(await refused(writer().write(ring('*k1'), 1))).toBe('not_read_back');
    expect(await refused(writer().write(ring('*k1'), 1))).toBe('target_foreign');
  });

  test('has brought the target to what it should be', async () => {
    const sink = writer();
    await sink.write(ring('*k1'), 1);
    target.byHand(map('k2 k1'));
    expect(await sink.write(ring('k2 *k1'), 2)).toEqual({ takenOver: [] });
  });
});

describe('at the first time', () => {
  test('what is not ours is refused', async () => {
    target.byHand(map('k1', { mine: 'theirs' }));
    expect(await refused(writer().write(ring('*k1'), 1))).toBe('target_foreign');
    target.byHand('no map');
    expect(await refused(writer().write(ring('*k1'), 1))).toBe('target_foreign');
    expect(target.text).toBe('no map');
  });

  test('what this member holds is taken from nobody: a sink that has lost its folder goes on', async () => {
    target.byHand(map('k1'));
    expect(await refused(writer().write(ring('*k2 k1'), 1))).toBe('written');
    expect(target.text).toBe(map('k2 k1'));
  });

  test('of another target the record says nothing', async () => {
    await writer().write(ring('*k1'), 1);
    const other = { ...place, target: 'file:/other' };
    target.byHand('{"mine":"theirs"}');
    const moved = writer({ place: other, records: new RecordFile(store, other) });
    await expect(moved.write(ring('*k1'), 1)).rejects.toMatchObject({ code: 'target_foreign' });
  });

  test('--take-over refuses what it would lose, or whose ids are ours', async () => {
    const take = (): Promise<unknown> => writer({ takeOver: true }).write(ring('*k1'), 1);
    for (const text of ['no map', '{"mine":1}']) {
      target.byHand(text);
      expect(await refused(take())).toBe('target_malformed');
    }
    target.byHand('{"k1":"theirs"}');
    expect(await refused(take())).toBe('key_differs');
    expect(target.text).toBe('{"k1":"theirs"}');
  });
});

describe('--take-over', () => {
  const mine = { mine: hex('mine'), other: 'any text' };
  const takes = (): RingWriter => writer({ takeOver: true });

  test('keeps what it found until the first close of the ring, over restarts, and says so', async () => {
    target.byHand(map('', mine));
    for (const [index, step] of ['*k1', 'k2 *k1', '*k2 k1'].entries()) {
      expect(await takes().write(ring(step), index + 1)).toEqual({ takenOver: ['mine', 'other'] });
      expect(target.text).toBe(map(step.replace('*', ''), mine));
    }
    expect(await takes().write(ring('*k2'), 4)).toEqual({ takenOver: [] });
    expect(target.text).toBe(map('k2'));
    expect(lines.at(-2)).toEqual({ fields: { ...place, kids: ['mine', 'other'] }, message: 'drops what it took over' });
  });

  test('also without the flag, once taken over', async () => {
    target.byHand(map('', mine));
    await takes().write(ring('*k1'), 1);
    expect(await writer().write(ring('k2 *k1'), 2)).toEqual({ takenOver: ['mine', 'other'] });
  });

  test('a rollback closes nothing', async () => {
    target.byHand(map('', mine));
    for (const step of ['*k1', 'k2 *k1', '*k2 k1', 'k2 *k1', '*k1'])
      expect(await takes().write(ring(step), 1)).toEqual({ takenOver: ['mine', 'other'] });
  });

  test('is for the first time alone: what comes later is a change', async () => {
    target.byHand(map('', mine));
    await takes().write(ring('*k1'), 1);
    target.byHand(map('k1', { ...mine, later: 'x' }));
    expect(await refused(takes().write(ring('k2 *k1'), 2))).toBe('target_changed');
  });

  test('a new key of ours by an id that was taken over is refused: one of the two would be lost', async () => {
    target.byHand(map('', { k2: 'theirs' }));
    await takes().write(ring('*k1'), 1);
    expect(await refused(takes().write(ring('k2 *k1'), 2))).toBe('key_differs');
    expect(target.text).toBe(map('k1', { k2: 'theirs' }));
  });

  test('of who signs keeps nothing: it would not know by which to sign', async () => {
    target.byHand(map('', mine));
    const sink = writer({ use: 'sign', takeOver: true });
    expect(await sink.write(ring('*k1', 'sign'), 1)).toEqual({ takenOver: [] });
    expect(target.text).toBe(map('k1'));
  });

  test('is refused where it would be too much for a target', async () => {
    target.byHand(map('', { mine: 'x'.repeat(MOST_BYTES - 20) }));
    expect(await refused(takes().write(ring('*k1'), 1))).toBe('too_large');
  });
});

describe('ends anywhere, and goes on at its next start', () => {
  const ends = (): never => {
    throw new Error('ended');
  };
  const ended = (work: Promise<unknown>): Promise<void> => expect(work).rejects.toThrow();

  test.each([false, true])('before the write (first time: %s)', async (isFirst) => {
    if (!isFirst) await writer().write(ring('*k1'), 1);
    target.next = { before: ends };
    await ended(writer().write(ring('k2 *k1'), 2));
    await writer().write(ring('k2 *k1'), 2);
    expect(target.text).toBe(map('k2 k1'));
  });

  test('after the write, and what is told meanwhile is another thing', async () => {
    await writer().write(ring('*k1'), 1);
    const records = new RecordFile(store, place);
    let saves = 0;
    const dying = {
      read: () => records.read(),
      save: (record: Parameters<RecordFile['save']>[0]) => ((saves += 1) > 1 ? ends() : records.save(record)),
    };
    await ended(writer({ records: dying }).write(ring('k2 *k1'), 2));
    expect(target.text).toBe(map('k2 k1'));
    await writer().write(ring('*k2 k1'), 3);
    expect(target.text).toBe(map('k2 k1'));
    await writer().write(ring('*k2'), 4);
    expect(target.text).toBe(map('k2'));
  });

  test('in the middle of taking over', async () => {
    target.byHand(map('', { mine: 'theirs' }));
    target.next = { before: ends };
    await ended(writer({ takeOver: true }).write(ring('*k1'), 1));
    expect(await writer({ takeOver: true }).write(ring('*k1'), 1)).toEqual({ takenOver: ['mine'] });
    expect(target.text).toBe(map('k1', { mine: 'theirs' }));
  });

  test('an error after the write: what stands there decides', async () => {
    target.next = { after: ends };
    expect(await writer().write(ring('*k1'), 1)).toEqual({ takenOver: [] });
  });

  test('a write that arrives late is ours', async () => {
    const sink = writer();
    await sink.write(ring('*k1'), 1);
    target.next = { before: ends };
    await ended(sink.write(ring('k2 *k1'), 2));
    target.next = { before: ends };
    await ended(sink.write(ring('*k1'), 3).then(() => sink.write(ring('k3 *k1'), 4)));
    target.byHand(map('k3 k1'));
    expect(await refused(sink.write(ring('*k3 k1'), 5))).toBe('written');
  });

  test('under the same token, which is of this text in this place', async () => {
    target.next = { before: () => void target.tokens.push('tried'), after: ends };
    await writer().write(ring('*k1'), 7);
    target.byHand(undefined);
    await writer().write(ring('*k1'), 7);
    target.byHand(undefined);
    await writer().write(ring('*k1'), 8);
    const [, first, second, third] = target.tokens;
    expect(first).toMatch(/^[0-9a-f-]{14}5[0-9a-f-]{21}$/);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });
});

test('a reading back that is stale proves nothing, and the next one does', async () => {
  const sink = writer();
  await sink.write(ring('*k1'), 1);
  target.next = { after: () => (target.lie = map('k1')) };
  expect(await refused(sink.write(ring('k2 *k1'), 2))).toBe('not_read_back');
  await sink.look();
  expect(await refused(sink.write(ring('k2 *k1'), 2))).toBe('written');
});

test.each(['', '{}', '{"version":1,"target":"file:/t","settled":"x","begun":[],"keys":[],"taken_over":[]}'])(
  'a record that is %j is damaged, and nothing is written',
  async (text) => {
    writeFileSync(join(store, 'sink-a-to-b.json'), text);
    expect(await refused(writer().write(ring('*k1'), 1))).toBe('record_damaged');
    expect(target.text).toBeUndefined();
  },
);
