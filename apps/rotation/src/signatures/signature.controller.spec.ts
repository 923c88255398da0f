import 'reflect-metadata';
import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { migrateStore } from '@plexsphere/store';
import { testDatabase } from '@plexsphere/testkit';
import { SIGNING_DURATION_MS, problem } from '@plexsphere/wire';
import { ANA, OPEN_SCOPE, seededRings, type SeededRings } from '../../testing/seeded-rings';
import type { Signers } from '../leases/signers';
import { SignatureController } from './signature.controller';

const PAYLOAD = '{"z":1,"a":"secret"}';
const JWS = `e30.${Buffer.from(PAYLOAD).toString('base64url')}.c2ln`;
const request = { scope: OPEN_SCOPE, payload: { a: 'not looked at: what was signed counts' } };
const identity = () => ({ requestId: randomUUID(), command: 'signing.sign', actor: ANA, bodyHash: '' }) as const;

describe('S12: what is signed for a person', () => {
  let seeded: SeededRings;
  beforeAll(async () => {
    seeded = await seededRings(await testDatabase({ name: 'store', prepare: migrateStore }));
  }, 60_000);
  afterAll(() => seeded.drop());

  const signing = (ask: () => Promise<unknown>) =>
    new SignatureController(seeded.database, { ask } as unknown as Signers);
  const signed = () => Promise.resolve({ jws: JWS, key_id: 'a2', epoch: 2 });
  const rows = (actor: string) =>
    seeded.asOwner<{ detail: object; whole: string }>(
      `SELECT detail, audit::text AS whole FROM ring.audit AS audit WHERE action = 'signing.sign' AND actor = '${actor}'`,
    );

  it('S12: stands in the audit log by its hash, and no word of it', async () => {
    await signing(signed).sign(request, { identity: identity() });
    const payload_sha256 = createHash('sha256').update(PAYLOAD).digest('hex');
    const [row] = await rows(ANA);
    expect(row?.detail).toEqual({ key_id: 'a2', epoch: 2, payload_sha256 });
    expect(row?.whole).not.toMatch(/secret|not looked at/);
  });

  it('S12: is not handed out where it cannot be written down', async () => {
    const actor = 'nobody at all';
    const broken = { ...identity(), actor, command: null as never };
    await expect(signing(signed).sign(request, { identity: broken })).rejects.toThrow();
    expect(await rows(actor)).toEqual([]);
  });

  it('is not handed out later than a signature counts, however slow the log', async () => {
    const late = () => delay(SIGNING_DURATION_MS + 20).then(signed);
    await expect(signing(late).sign(request, { identity: identity() })).rejects.toMatchObject(problem('noAnswer').body);
  });

  it('leaves no row where nothing was signed', async () => {
    const actor = randomUUID();
    const refused = () => Promise.reject(problem('noLease'));
    await expect(signing(refused).sign(request, { identity: { ...identity(), actor } })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    expect(await rows(actor)).toEqual([]);
  });
});
