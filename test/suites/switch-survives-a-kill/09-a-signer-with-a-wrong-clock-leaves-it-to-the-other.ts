import { get } from 'node:http';
import { EventSource, eventually } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';
import { holderOf } from './thief';
import { setWrong } from './wrong-clock';

interface Status {
  scopes: { signers: { holder: string; state: string; clock_off_by_seconds?: number }[] }[];
}

/** P-3: one of two signers is 400 s ahead. What it makes, every Node would refuse. */
export const step: Step = async (world) => {
  await world.allSignersServe(world.domain);
  const node = await world.addNode(world.domain, 'edge-1');
  await node.start();
  const { natsUrl, tokenFile } = world.stack;
  const events = await EventSource.connect({ natsUrl, tokenFile, scope: world.domain });
  world.afterwards(() => events.stop());
  events.start();

  const [wrong, other] = world.stack.services('signer');
  if (wrong === undefined || other === undefined) throw new Error('two signers are needed');
  await setWrong(wrong, 400);
  await eventually(() => wrong.logs().some(({ msg }) => msg === 'clock is off, leases given back'));
  const signers = async () => {
    const { scopes } = await world.json<Status>(['signing', 'status', '--scope', world.domain]);
    return scopes[0]?.signers ?? [];
  };
  // Where its clock was set while it asked, half of it is told, until it asks again.
  const told = async () => (await signers()).some((each) => each.clock_off_by_seconds === 400);
  await eventually(told, { describe: 'a clock that is 400 s ahead' });
  expect(await signers()).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ holder: holderOf(wrong), state: 'lapsed', clock_off_by_seconds: 400 }),
      expect.objectContaining({ holder: holderOf(other), state: 'confirmed' }),
    ]),
  );
  expect(await readiness(wrong.health)).toEqual([503, 'clock: 400 s ahead of the clock of the database\n']);

  const before = events.accepted.length;
  await eventually(() => events.accepted.length >= before + 8, { describe: 'more events' });
  const late = await world.addNode(world.domain, 'edge-2');
  await late.start();
  await world.json(['signing', 'rotate', '--scope', world.domain, '--new-key-id', 'k4']);
  const published = events.accepted.slice(before);
  await eventually(() => published.every((id) => node.applied.some(({ eventId }) => eventId === id)), {
    describe: 'the events at the Node',
  });
  await eventually(() => world.nodes.every(({ trusts }) => trusts[0] === 'k4'), {
    describe: 'the new key at the Nodes',
  });
  expect(world.nodes.flatMap(({ refused }) => refused)).toEqual([]);
};

const readiness = (health = ''): Promise<[number | undefined, string]> =>
  new Promise((resolve, reject) => {
    get(`http://${health}/readyz`, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += String(chunk))).on('end', () => resolve([response.statusCode, text]));
    }).on('error', reject);
  });
