import { mkdtemp, readFile, rm, writeFile, appendFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeEvent } from '@plexsphere/node-sdk';
import { NodeJournal } from './node-fleet-journal';
import { readJournals } from './read-journals';

let folder: string;

beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'plexsphere-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

const event = (position: number): NodeEvent => ({
  eventId: `event-${position}`,
  eventType: 'route_updated',
  payload: 'null',
  position,
  scope: 'platform',
  issuedAt: '2026-03-01T12:00:00Z',
  keyId: 'key-1',
  epoch: 1,
});

const journalPath = (node: string): string => join(folder, node, 'journal.jsonl');

async function journal(node: string, savedPosition = 0): Promise<NodeJournal> {
  await mkdir(join(folder, node), { recursive: true });
  return new NodeJournal(journalPath(node), () => savedPosition);
}

const trusts = (...keyIds: string[]) => ({ epoch: keyIds.length, platformEpoch: 1, keyIds, platformKeyIds: [] });

test('nothing was written yet', async () => {
  const seen = await readJournals(join(folder, 'nowhere'));
  expect(seen).toMatchObject({ applied: 0, refused: 0, appliedTwice: 0, nodes: [] });
  expect(seen.missing(['event-1'], 2)).toBe(2);
  expect(seen.trustingSince(['key-1'], 1)).toBeUndefined();
});

test('what each Node applied, refused and trusts', async () => {
  const [one, two] = [await journal('one'), await journal('two')];
  one.trusts(trusts('key-1'));
  two.trusts(trusts('key-1'));
  one.applied(event(1));
  one.applied(event(2));
  two.applied(event(2));
  two.applied(event(2));
  two.refused({ reason: 'stale', eventId: 'event-1' });
  one.trusts(trusts('key-2', 'key-1'));
  await writeFile(join(folder, 'no-node'), '');
  const seen = await readJournals(folder);
  expect(seen).toMatchObject({ nodes: ['one', 'two'], applied: 4, appliedTwice: 1, refused: 1 });
  expect(seen.refusedByReason).toEqual({ stale: 1 });
  expect(seen.missing(['event-1', 'event-2'], 2)).toBe(1);
  expect(seen.trustingSince(['key-2', 'key-1'], 2)).toBeUndefined();
  two.trusts(trusts('key-2', 'key-1'));
  const later = await readJournals(folder);
  const lines = (await readFile(journalPath('two'), 'utf8')).trim().split('\n');
  const at = Date.parse((JSON.parse(lines.at(-1)!) as { at: string }).at);
  expect(later.trustingSince(['key-2', 'key-1'], 2)).toBe(at);
  expect(later.trustingSince(['key-1', 'key-2'], 2)).toBeUndefined();
  expect(later.trusted.get('two')).toEqual(['key-2', 'key-1']);
});

describe('a Node that was killed', () => {
  test('between effect and record: the effect is there once', async () => {
    const before = await journal('one');
    for (const position of [1, 2, 3]) before.applied(event(position));
    const after = await journal('one', 1);
    for (const position of [2, 3, 4]) after.applied(event(position));
    expect(await readJournals(folder)).toMatchObject({ applied: 4, appliedTwice: 0 });
  });

  test('an event that the SDK hands over although it had it saved is not covered up', async () => {
    (await journal('one')).applied(event(1));
    (await journal('one', 1)).applied(event(1));
    expect(await readJournals(folder)).toMatchObject({ applied: 2, appliedTwice: 1 });
  });

  test('in the middle of a line: what comes after is whole', async () => {
    (await journal('one')).applied(event(1));
    await appendFile(journalPath('one'), '{"at":"2026-');
    (await journal('one', 1)).applied(event(2));
    expect(await readJournals(folder)).toMatchObject({ applied: 2, appliedTwice: 0 });
  });
});
