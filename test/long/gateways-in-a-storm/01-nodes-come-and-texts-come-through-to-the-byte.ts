import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@plexsphere/stack';
import { HttpNodes } from '../../src/http-nodes';
import type { Step } from '../../src/tell-story';

const NODES = 20;
const BEATS = { cutMs: 5_000, heartbeatMs: 4_000, stateMs: 12_000 };

export const step: Step = async (world) => {
  const nodes = await HttpNodes.begin(world);
  world.kept.set('nodes', nodes);
  const node = await nodes.add('first', BEATS);
  const texts = payloads();
  expect(texts.length).toBeGreaterThan(15);
  const published: string[] = [];
  for (const { raw: payload } of texts) {
    const request = { scope: world.domain, event_type: 'policy_updated', payload };
    const { event_id } = await nodes.operator.change<{ event_id: string }>('events.publish', request);
    published.push(event_id);
  }
  await nodes.haveAll(published.at(-1)!);
  for (const [index, { canonical }] of texts.entries()) {
    expect(node.accepted.find(({ eventId }) => eventId === published[index])?.payload).toBe(canonical);
  }
  await nodes.addSome(NODES - 1, BEATS);
  await nodes.haveAll(await nodes.publish());
  await nodes.haveApplied();
  expect(nodes.refusals).toEqual([]);
};

/** Of the contract's vectors: as they are written, and as Go signs them. */
function payloads(): { raw: string; canonical: string }[] {
  const file = join(repositoryRoot, 'test/vectors/envelopes.json');
  const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as { vectors: Record<string, string | null>[] };
  return vectors.flatMap(({ payload_raw: raw, canonical_utf8: text }) =>
    typeof raw === 'string' && typeof text === 'string'
      ? [{ raw, canonical: text.slice(text.indexOf(MEMBER) + MEMBER.length, -1) }]
      : [],
  );
}
const MEMBER = '"payload":';
