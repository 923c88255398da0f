import { interruptedDemo } from '../src/interrupted-demo';

// Ctrl-C, a closed terminal, a plain kill; what nobody can handle is under test/demo.
it.each(['SIGINT', 'SIGHUP', 'SIGTERM'] as const)(
  'N-7: nothing of a demo is left after %s in its middle',
  async (signal) => {
    const { found } = await interruptedDemo(signal);
    expect(found).toBeGreaterThan(8);
  },
  180_000,
);
