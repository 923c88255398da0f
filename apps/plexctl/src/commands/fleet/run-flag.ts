import { UUID_FLAG } from '../flag-definitions';

/** Which run a command is about. */
export const RUN_FLAGS = { run: { ...UUID_FLAG, summary: 'the fleet run, by its id', required: true } } as const;
