import type { Clocks } from '@plexsphere/keyring';

/** Both clocks of this process: the monotonic one sleeps while some machines do, the wall clock jumps. */
export const readClocks = (): Clocks => ({ monotonicMs: performance.now(), wallMs: Date.now() });
