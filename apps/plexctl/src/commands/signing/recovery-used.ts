import type { Terminal } from '../../terminal';

/** It was typed for, in a hurry, on a machine that is on the network: whoever was there may have it. */
export const noteRecoveryUsed = (terminal: Terminal): void =>
  terminal.note('the recovery key was used, so it counts as exposed: plexctl recovery rotate makes another, soon');
