import { Turns } from './turns';

interface Job {
  name: string;
  end: () => void;
  fail: (error: Error) => void;
}

let begun: Job[];
beforeEach(() => (begun = []));
const names = (): string[] => begun.map(({ name }) => name);
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const work = (name: string) => (): Promise<string> =>
  new Promise((resolve, fail) => begun.push({ name, end: () => resolve(name), fail }));

const PATIENT = { waiting: 10, patienceMs: 60_000 };

test('begins so many, and the others in the order in which they came, each when one has ended', async () => {
  const turns = new Turns({ ...PATIENT, atOnce: 2 });
  const asked = ['a', 'b', 'c', 'd'].map((name) => turns.run(work(name)));
  await settled();
  expect(names()).toEqual(['a', 'b']);
  begun[1]!.end();
  await settled();
  expect(names()).toEqual(['a', 'b', 'c']);
  begun[0]!.end();
  await settled();
  for (const { end } of begun) end();
  await expect(Promise.all(asked)).resolves.toEqual(['a', 'b', 'c', 'd']);
});

test('what fails gives its place to the next', async () => {
  const turns = new Turns({ ...PATIENT, atOnce: 1 });
  const [first, next] = [turns.run(work('a')), turns.run(work('b'))];
  await settled();
  begun[0]!.fail(new Error('away'));
  await expect(first).rejects.toThrow('away');
  await settled();
  begun[1]!.end();
  await expect(next).resolves.toBe('b');
});

test('whoever finds no room in line is told when to come again, and takes nobody’s', async () => {
  const turns = new Turns({ ...PATIENT, atOnce: 1, waiting: 1 });
  const [first, next] = [turns.run(work('a')), turns.run(work('b'))];
  const refused = { detail: 'signing: too many requests waiting', body: { retry_after: 5 } };
  await expect(turns.run(work('c'))).rejects.toMatchObject(refused);
  begun[0]!.end();
  await first;
  await settled();
  begun[1]!.end();
  await expect(next).resolves.toBe('b');
});

test('whoever has waited for too long leaves the line, and those behind go on', async () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate'] });
  const turns = new Turns({ atOnce: 1, waiting: 10, patienceMs: 1_000 });
  const first = turns.run(work('a'));
  const refused = expect(turns.run(work('b'))).rejects.toMatchObject({ body: { retry_after: 5 } });
  jest.advanceTimersByTime(600);
  const last = turns.run(work('c'));
  jest.advanceTimersByTime(600);
  await refused;
  begun[0]!.end();
  await first;
  await settled();
  expect(names()).toEqual(['a', 'c']);
  begun[1]!.end();
  await expect(last).resolves.toBe('c');
  // Nobody is left, and the place is free.
  const after = turns.run(work('d'));
  await settled();
  begun[2]!.end();
  await expect(after).resolves.toBe('d');
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});
