import { storeOptions } from '@plexsphere/store';
import type { DataSourceOptions } from 'typeorm';

/**
 * Whatever a relay asks is about Nodes that it names, or about the next few of an index. A planner that knows the tables by
 * numbers of a minute ago takes few Nodes for all and reads a table, or believes that few rows are unsent and hashes all of
 * them: it is told that there is no such way. So a plan that was made for few Nodes is the one for very many, too.
 */
const BY_INDEX = ['enable_seqscan=off', 'enable_hashjoin=off', 'enable_mergejoin=off', 'jit=off'];

export const relayDatabase = (...how: Parameters<typeof storeOptions>): DataSourceOptions => {
  const options = storeOptions(...how);
  const settings = BY_INDEX.map((setting) => `-c ${setting}`).join(' ');
  return { ...options, extra: { ...(options.extra as object), options: settings } } as DataSourceOptions;
};
