import { createHash } from 'node:crypto';
import type { Step } from '../../src/tell-story';

interface Signed {
  jws: string;
  key_id: string;
}

export const step: Step = async (world) => {
  const signed = await world.json<Signed>(['signing', 'sign', '--scope', world.domain], '{"before":true}');
  expect(signed.key_id).toBe('domain-2026-04');
  // S12: nobody is handed a signature that the audit log does not know of, by the hash of what was signed.
  const audit = await world.query<{ detail: object }>(
    `SELECT detail FROM ring.audit WHERE action = 'signing.sign' AND scope = $1`,
    [world.domain],
  );
  const payload_sha256 = createHash('sha256').update('{"before":true}').digest('hex');
  expect(audit).toEqual([{ detail: { key_id: 'domain-2026-04', epoch: 1, payload_sha256 } }]);
  world.kept.set('signed before', signed.jws);
};
