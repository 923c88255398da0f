import { randomUUID } from 'node:crypto';
import { eventually, seedHttpNodes } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';
import { STREAMS } from './crowds';

const REGISTERED = 100_000;
const OTHERS_A_TIME = 30_000;

/** Those that are to be connected, and others in a Domain of their own: nothing may cost more for them. */
export const step: Step = async (world) => {
  const query = (sql: string, values: unknown[]) => world.query(sql, values);
  const other = randomUUID();
  for (const id of [world.domainId, other]) await world.json(['domain', 'create', '--id', id, '--key-id', 'k1']);
  world.kept.set('ids', await seedHttpNodes(query, world.domain, 0, STREAMS));
  for (let from = STREAMS; from < REGISTERED; from += OTHERS_A_TIME) {
    await seedHttpNodes(query, `domain:${other}`, from, OTHERS_A_TIME);
  }
  await world.query('ANALYZE');
  const holds = () => world.query(`SELECT FROM ring.lease WHERE kind = 'gateway' AND epochs ? $1`, [world.domain]);
  await eventually(async () => (await holds()).length === 2, { describe: 'both gateways serving the Domain' });
};
