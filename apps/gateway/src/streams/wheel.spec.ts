import { eventually } from '@plexsphere/testkit';
import { Wheel } from './wheel';

const silent = { warn: () => undefined };

it('meets each of ten thousand in every round, and a few hundred of them before it lets others go on', async () => {
  const items = new Set(Array.from({ length: 10_000 }, (_, index) => index));
  const met = new Map<number, number>();
  let [atOnce, most] = [0, 0];
  const wheel = new Wheel(items, (item) => met.set(item, (met.get(item) ?? 0) + 1) && (atOnce += 1), {
    everyMs: 1,
    logger: silent,
  });
  let isOver = false;
  const others = (): void => {
    most = Math.max(most, atOnce);
    atOnce = 0;
    if (!isOver) setImmediate(others);
  };
  others();
  wheel.start();
  await eventually(() => (met.get(9_999) ?? 0) >= 3, { describe: 'three rounds' });
  await wheel.stop();
  isOver = true;
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(250);
  expect(Math.min(...met.values())).toBeGreaterThanOrEqual(2);
});

it('passes over those who have gone meanwhile, and goes on after one that failed', async () => {
  const items = new Set([1, 2, 3]);
  const met: number[] = [];
  const wheel = new Wheel(
    items,
    (item) => {
      met.push(item);
      items.delete(2);
      if (item === 3 && met.length < 4) throw new Error('this once');
    },
    { everyMs: 1, logger: silent },
  );
  wheel.start();
  await eventually(() => met.length > 5, { describe: 'rounds after the failed one' });
  await wheel.stop();
  expect(met).not.toContain(2);
});
