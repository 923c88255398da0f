import { TurnsOfEach } from './turns-of-each';

let begun: { name: string; end: () => void }[];
beforeEach(() => (begun = []));
const names = (): string[] => begun.map(({ name }) => name);
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const work = (name: string) => (): Promise<string> =>
  new Promise((resolve) => begun.push({ name, end: () => resolve(name) }));

test('each caller waits for their own', async () => {
  const turns = new TurnsOfEach({ atOnce: 1, waiting: 1, patienceMs: 60_000 });
  const asked = [turns.run('ana', work('a1')), turns.run('ana', work('a2')), turns.run('ben', work('b1'))];
  await expect(turns.run('ana', work('a3'))).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
  await settled();
  expect(names()).toEqual(['a1', 'b1']);
  begun[0]!.end();
  await settled();
  expect(names()).toEqual(['a1', 'b1', 'a2']);
  for (const { end } of begun) end();
  await expect(Promise.all(asked)).resolves.toEqual(['a1', 'a2', 'b1']);
});

test('nothing stays of whoever has nothing under way', async () => {
  const turns = new TurnsOfEach({ atOnce: 1, waiting: 0, patienceMs: 60_000 });
  const failing = turns.run('ana', () => Promise.reject(new Error('away')));
  await expect(failing).rejects.toThrow('away');
  const known = (turns as unknown as { callers: Map<string, unknown> }).callers;
  expect(known.size).toBe(0);
});
