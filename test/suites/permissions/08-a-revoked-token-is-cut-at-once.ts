import { randomUUID } from 'node:crypto';
import type { Step } from '../../src/tell-story';
import { admin, ask, askAs, dialAs, known, makeToken, plexctlAs } from './hands';

export const step: Step = async (world) => {
  const chief = await admin(world);
  const leaver = await makeToken(world, { name: 'leaver', role: 'admin' });
  const [open, bystander] = [await dialAs(world, leaver), await dialAs(world, known(world, 'operator'))];
  expect((await plexctlAs(world, leaver, ['signing', 'jwks', '--scope', 'platform'])).exitCode).toBe(0);

  const revoked = await askAs(world, chief, 'token.revoke', { id: leaver.id, request_id: randomUUID() });
  expect(revoked).toMatchObject({ code: 'OK', body: { name: 'leaver' } });
  await open.closed();
  const ran = await plexctlAs(world, leaver, ['signing', 'jwks', '--scope', 'platform']);
  expect(ran.exitCode).toBe(77);
  // Nobody else was touched.
  expect((await ask(bystander, known(world, 'operator'), 'signing.ring', { scope: 'platform' })).code).toBe('OK');

  expect(await askAs(world, chief, 'token.revoke', { id: chief.id })).toMatchObject({
    code: 'FAILED_PRECONDITION',
    body: { detail: 'signing: last admin' },
  });
  expect((await askAs(world, chief, 'token.revoke', { id: randomUUID() })).code).toBe('NOT_FOUND');
};
