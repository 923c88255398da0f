import { interruptedDemo } from '../src/interrupted-demo';

// Ctrl-C, and what nobody can handle; a closed terminal and the rest under test/long.
it.each(['SIGINT', 'SIGKILL'] as const)(
  'N-7: nothing of a demo is left after %s in its middle',
  async (signal) => {
    const { found } = await interruptedDemo(signal);
    expect(found).toBeGreaterThan(10);
  },
  180_000,
);
