/** A Node's store, killed at whatever instant of its writes, on real processes: what it said to be saved is there. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { TestMesh } from '../../testing/test-mesh';
import { parseEnrolment, type Enrolment } from '../enrolment/enrolment';
import { TrustStore } from './trust-store';

jest.setTimeout(600_000);

const ROUNDS = 120;

interface Saved {
  position: number;
  epoch: number;
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plexsphere-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Answers what it said last; undefined where it came to nothing. */
async function killedAfter(ms: number, enrolment: string): Promise<Saved | undefined> {
  const child = spawn(process.execPath, [join(__dirname, '../../testing/save-for-ever.cjs')], {
    env: { ...process.env, STORE: join(folder, 'store'), ENROLMENT: enrolment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said: Saved | undefined;
  createInterface(child.stdout!).on('line', (line) => (said = JSON.parse(line) as Saved));
  await once(child.stdout!, 'data');
  // Not a wait for something: the instant of the kill, another one each round.
  await delay(ms);
  child.kill('SIGKILL');
  await once(child, 'close');
  return said;
}

async function found(enrolment: Enrolment): Promise<TrustStore['opened']> {
  const store = await TrustStore.open(join(folder, 'store'), enrolment);
  await store.close();
  return store.opened;
}

test('no position, key or id is lost that was said to be saved, and none is there that was not begun', async () => {
  const now = new Date();
  const mesh = await TestMesh.create(now);
  const enrolment = await mesh.enrolment(now);
  let position = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const said = await killedAfter((round * 7) % 50, enrolment);
    const trust = await found(parseEnrolment(enrolment));
    // The write that was on its way may have come through.
    expect([said!.position, said!.position + 1]).toContain(trust.position);
    expect(trust.ring.epoch).toBe(1 + Math.floor(trust.position / 7));
    if (trust.position === said!.position) expect(trust.ring.epoch).toBe(said!.epoch);
    const ids = trust.applied.since(0).flatMap(([, eventIds]) => eventIds);
    expect(ids).toEqual(Array.from({ length: trust.position }, (_, at) => `event-${at + 1}`));
    expect(trust.position).toBeGreaterThan(position);
    position = trust.position;
  }
});
