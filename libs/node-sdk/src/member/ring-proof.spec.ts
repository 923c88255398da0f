import { PlayedRing } from '../../testing/played-ring';
import { silent } from '../node-observer';
import type { BeforeProof, MemberKey } from './channel-member';
import type { HeldRing } from './held-ring';
import { RingProof } from './ring-proof';

const NODE = '0b6f3c9e-7f3b-4b8e-9a3d-5d5f6a7b8c9d';

let played: PlayedRing;
let provens: number;
const stopping: AbortController[] = [];

beforeEach(() => {
  jest.useFakeTimers();
  played = new PlayedRing('channel:chat:app-to-web');
  provens = 0;
});
afterEach(() => {
  for (const each of stopping.splice(0)) each.abort();
  jest.useRealTimers();
});

const pass = (ms = 1): Promise<void> => jest.advanceTimersByTimeAsync(ms);
const held = (): HeldRing => ({
  scope: played.scope,
  epoch: played.epoch,
  signsSince: null,
  keys: played.keys.map(({ keyId, secret, state, verifiesUntil }) => ({
    ...{ keyId, secret, use: 'verify', active: state === 'active', besideSeconds: null, verifiesUntil },
  })),
});

function proofBy(beforeProof: BeforeProof | undefined): { proof: RingProof; stop: () => void; shown: () => unknown } {
  const aborting = new AbortController();
  stopping.push(aborting);
  const onProven = (): void => void (provens += 1);
  const proof = new RingProof({ nodeId: NODE, beforeProof, logger: silent, signal: aborting.signal, onProven });
  const shown = (): unknown =>
    proof.proven && [proof.proven.epoch, proof.proven.keys.map(({ key_id }) => key_id).join()];
  return { proof, stop: () => aborting.abort(), shown };
}

test('without a sink, what is on the disk is proven at once', () => {
  const { proof, shown } = proofBy(undefined);
  expect(proof.proven).toBeUndefined();
  proof.put(held());
  expect([shown(), provens]).toEqual([[1, 'key-1'], 1]);
  expect(proof.proven).not.toHaveProperty('taken_over');
});

test('a sink that fails is asked again, and proves what it wrote before', async () => {
  let fails = false;
  let asked = 0;
  const { proof, shown } = proofBy(async () => {
    asked += 1;
    if (fails) throw new Error('target away');
  });
  proof.put(held());
  await pass();
  expect(shown()).toEqual([1, 'key-1']);
  fails = true;
  played.stage();
  proof.put(held());
  await pass(60_000);
  expect(asked).toBeGreaterThan(5);
  expect([shown(), provens]).toEqual([[1, 'key-1'], 1]);
  fails = false;
  await pass(31_000);
  expect([shown(), provens]).toEqual([[2, 'key-2,key-1'], 2]);
  const once = asked;
  await pass(600_000);
  expect(asked).toBe(once);
});

test('of what comes while it writes the last alone is written, and never two at once', async () => {
  const epochs: number[] = [];
  let writing = 0;
  const { proof, shown } = proofBy(async (_scope, _keys, epoch) => {
    epochs.push(epoch);
    expect((writing += 1)).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    writing -= 1;
  });
  proof.put(held());
  for (let n = 0; n < 3; n += 1) {
    played.epoch += 1;
    proof.put(held());
  }
  await pass(1_000);
  expect(shown()).toEqual([1, 'key-1']);
  await pass(1_000);
  expect([epochs, shown()]).toEqual([
    [1, 4],
    [4, 'key-1'],
  ]);
});

test.each<[string, BeforeProof]>([
  [
    'throws before it begins',
    () => {
      throw new Error('at once');
    },
  ],
  ['never ends', () => new Promise(() => undefined)],
])('a sink that %s proves nothing, and holds up nobody', async (_, beforeProof) => {
  const { proof, stop } = proofBy(beforeProof);
  proof.put(held());
  await pass(60_000);
  expect([proof.proven, provens]).toEqual([undefined, 0]);
  stop();
  await pass();
});

test('what a sink has withdrawn is not proven before it was written anew; without a sink there is nothing to withdraw', async () => {
  let fails = false;
  const { proof, shown } = proofBy(async () => {
    if (fails) throw new Error('somebody else changed it');
  });
  proof.withdraw();
  expect(proof.proven).toBeUndefined();
  proof.put(held());
  await pass();
  fails = true;
  proof.withdraw();
  await pass(60_000);
  expect([shown(), provens]).toEqual([[1, ''], 2]);
  fails = false;
  await pass(31_000);
  expect([shown(), provens]).toEqual([[1, 'key-1'], 3]);

  const { proof: plain, shown: shownPlain } = proofBy(undefined);
  plain.put(held());
  plain.withdraw();
  expect(shownPlain()).toEqual([1, 'key-1']);
});

test('what is written after the end is not proven any more', async () => {
  let wrote: () => void = () => undefined;
  const { proof, stop } = proofBy(() => new Promise((resolve) => (wrote = resolve)));
  proof.put(held());
  stop();
  wrote();
  await proof.idle();
  expect([proof.proven, provens]).toEqual([undefined, 0]);
});

test('a sink has copies, with what it needs to know which signs', async () => {
  const given: MemberKey[][] = [];
  played.stage();
  const { proof } = proofBy(async (_scope, keys) => {
    given.push(keys);
    for (const { secret } of keys) secret.fill(0);
  });
  const ring = held();
  proof.put(ring);
  await pass();
  expect(given[0]?.map(({ keyId, active }) => [keyId, active])).toEqual([
    ['key-2', false],
    ['key-1', true],
  ]);
  expect(played.provenBy(proof.proven!, NODE)).toEqual(['key-2', 'key-1']);
});
