import { interruptedDemo } from '../src/interrupted-demo';

// Ctrl-C, a closed terminal, a plain kill, and what nobody can handle.
it.each(['SIGINT', 'SIGHUP', 'SIGTERM', 'SIGKILL'] as const)(
  'N-7: nothing of a demo is left after %s in its middle',
  async (signal) => {
    const { found } = await interruptedDemo(signal);
    expect(found).toBeGreaterThan(8);
  },
  180_000,
);
