import { interruptedDemo } from '../src/interrupted-demo';

// What nobody can handle. What a demo ends itself at is under test/long: where it failed to, it would be ended as here.
it('N-7: nothing of a demo is left after SIGKILL in its middle', async () => {
  const { found } = await interruptedDemo('SIGKILL');
  expect(found).toBeGreaterThan(10);
}, 180_000);
