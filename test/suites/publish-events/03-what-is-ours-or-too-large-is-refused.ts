import type { Step } from '../../src/tell-story';

const publish = (eventType: string): string[] => ['events', 'publish', '--event-type', eventType];

export const step: Step = async (world) => {
  const count = `SELECT count(*)::int AS rows FROM outbox.event`;
  const before = await world.query(count);
  for (const reserved of ['signing_key_rotated', 'platform_key_rotated', 'stream_ready', 'resync']) {
    const ran = await world.plexctl([...publish(reserved), '--scope', world.domain], '{}');
    expect([reserved, ran.exitCode, ran.stderr.includes('signing: reserved event type')]).toEqual([reserved, 2, true]);
  }
  const large = JSON.stringify({ text: 'x'.repeat(66_000) });
  const ran = await world.plexctl([...publish('big'), '--scope', world.domain], large);
  expect([ran.exitCode, ran.stderr.includes('signing: envelope too large')]).toEqual([2, true]);
  const notJson = await world.plexctl([...publish('odd'), '--scope', world.domain], '{"a":');
  expect(notJson.exitCode).toBe(2);
  expect(await world.query(count)).toEqual(before);
};
