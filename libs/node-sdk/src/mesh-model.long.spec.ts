/** Every state that two orders can lead to, where mesh-model.spec.ts looks at those of one. Part of npm run test:long. */
import { computeOnce } from '../testing/mesh-model/crypto-once';
import { EveryState } from '../testing/mesh-model/every-state';

jest.setTimeout(3_600_000);
beforeAll(computeOnce);

test.each(['platform', 'domain'] as const)('every state of the %s Node', async (whose) => {
  const states = await new EveryState(whose, { orders: 2, faults: 1 }).search();
  console.info(`${states} states`);
  expect(states).toBeGreaterThan(1_000);
});
