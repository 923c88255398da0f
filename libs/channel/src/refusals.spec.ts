// Each reason there is, made by a message: a new one does not compile without.
import {
  OPPOSITE,
  SCOPE,
  URL_OF_CALL,
  arrived,
  changed,
  keyOf,
  reasonOf,
  secretOf,
  twoEnds,
} from '../testing/two-ends';
import { MessageRefused, type ChannelKey, type ChannelKeys, type IncomingCall } from '.';
import { REFUSALS, type RefusalReason } from './refusals';

const BODY = '{"order":1}';

async function refusedCall(
  change: (call: IncomingCall) => IncomingCall,
  ends = twoEnds(),
  prepare: (ends: ReturnType<typeof twoEnds>) => unknown = () => undefined,
): Promise<unknown> {
  const call = arrived(await ends.sender.call(URL_OF_CALL, { method: 'POST', body: BODY }));
  await prepare(ends);
  return ends.receiver.call(change(call));
}

const same = (call: IncomingCall): IncomingCall => call;
const withKeys = (keys: ChannelKeys) => refusedCall(same, twoEnds({}, { keys }));
const failing: ChannelKeys = {
  keysFor: () => Promise.reject(new Error('away')),
  keysAgain: () => Promise.reject(new Error('away')),
};

const MADE: Record<RefusalReason, () => Promise<unknown>> = {
  signature_missing: () => refusedCall((call) => ({ ...call, headers: {} })),
  malformed: () => refusedCall((call) => ({ ...call, target: '*' })),
  not_covered: () => refusedCall((call) => changed(call, { 'signature-input': 'k1=();tag="plexsphere-channel"' })),
  unknown_kid: () => refusedCall(same, twoEnds({ signs: ['k2'] })),
  signature_invalid: () => refusedCall((call) => changed(call, { signature: 'k1=:AAAA:' })),
  wrong_direction: () =>
    refusedCall(same, twoEnds(), ({ held }) => {
      held.rings = { [SCOPE]: [keyOf('k2', 'verify')], [OPPOSITE]: [keyOf('k1', 'sign')] };
    }),
  wrong_method: () => refusedCall((call) => ({ ...call, method: 'PUT' })),
  wrong_path: () => refusedCall((call) => ({ ...call, target: '/?state=open' })),
  wrong_query: () => refusedCall((call) => ({ ...call, target: '/orders' })),
  wrong_digest: () => refusedCall((call) => changed(call, { 'content-digest': 'md5=:AAAA:' })),
  body_changed: () => refusedCall((call) => ({ ...call, body: '{}' })),
  stale: () => refusedCall(same, twoEnds(), () => jest.setSystemTime(Date.now() + 400_000)),
  replayed: async () => {
    const ends = twoEnds();
    const call = arrived(await ends.sender.call(URL_OF_CALL));
    await ends.receiver.call(call);
    return ends.receiver.call(call);
  },
  too_large: () => refusedCall(same, twoEnds({}, { maxBodyBytes: BODY.length - 1 })),
  keys_unavailable: () => withKeys(failing),
  secret_too_short: () =>
    refusedCall(same, twoEnds(), ({ held }) => {
      held.rings = { [SCOPE]: [keyOf('k1', 'verify', { secret: secretOf('k1').subarray(1) })] };
    }),
};

beforeEach(() => void jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] }));
afterEach(() => void jest.useRealTimers());

it.each(Object.keys(REFUSALS) as RefusalReason[])('%s', async (reason) => {
  const error = (await MADE[reason]().catch((thrown: unknown) => thrown)) as MessageRefused;
  expect(error).toBeInstanceOf(MessageRefused);
  const { status, detail } = REFUSALS[reason];
  expect([error.reason, error.status, error.body]).toEqual([reason, status, { reason, detail }]);
});

it('has for each another detail', () => {
  const details = Object.values(REFUSALS).map(({ detail }) => detail);
  expect(new Set(details).size).toBe(details.length);
});

it('keys that there are none of are keys that are not there yet', async () => {
  expect(await reasonOf(refusedCall(same, twoEnds({ verifies: [] })))).toBe('keys_unavailable');
  expect(await reasonOf(twoEnds({ signs: [] }).sender.call(URL_OF_CALL))).toBe('no_signing_key');
});

it('keys that are asked for in vain are not there, however the asking fails', async () => {
  const throws = (): never => {
    throw new Error('away');
  };
  expect(await reasonOf(withKeys({ keysFor: throws, keysAgain: throws }))).toBe('keys_unavailable');
});

it('a bad signature is one also where the keys of the other direction are asked for in vain', async () => {
  const { held } = twoEnds();
  const keysFor = (scope: string): Promise<readonly ChannelKey[]> => {
    if (scope === OPPOSITE) throw new Error('no such ring');
    return held.keysFor(scope);
  };
  const ends = twoEnds({}, { keys: { keysFor, keysAgain: keysFor } });
  expect(await reasonOf(refusedCall((call) => changed(call, { signature: 'k1=:AAAA:' }), ends))).toBe(
    'signature_invalid',
  );
});

it('nothing is signed by a secret that is too short', async () => {
  const { held, sender } = twoEnds();
  Object.assign(sender, { options: { scope: SCOPE, keys: held } });
  held.rings = { [SCOPE]: [keyOf('k2', 'sign'), keyOf('k1', 'sign', { secret: secretOf('k1').subarray(1) })] };
  expect(await reasonOf(sender.call(URL_OF_CALL))).toBe('secret_too_short');
});

it('no call is signed under an id that no receiver would take', async () => {
  for (const keyId of ['', 'a"b', 'é', '.a', 'a'.repeat(129)])
    expect(await reasonOf(twoEnds({ signs: [keyId] }).sender.call(URL_OF_CALL))).toBe('keys_malformed');
});

it('a store that is away is no refusal, and nothing is taken', async () => {
  const add = () => Promise.reject(new Error('away'));
  const ends = twoEnds({}, { nonces: { add, delete: add } });
  expect(await reasonOf(refusedCall(same, ends))).toBe('Error: away');
  expect(ends.told).toEqual([['signed', SCOPE, 'k1']]);
});

it('what observers throw is dropped', async () => {
  const thrown = (): never => {
    throw new Error('broken');
  };
  const observer = { signed: thrown, verified: thrown, refused: thrown };
  const ends = twoEnds({}, { observer });
  expect(await reasonOf(refusedCall(same, ends))).toBe('taken');
  expect(await reasonOf(refusedCall((call) => ({ ...call, body: '' }), ends))).toBe('body_changed');
});

it.each([['platform'], ['channel:chat'], ['channel:chat:app'], ['channel:chat:App-to-plugin'], ['']])(
  'scope %j is no direction of a channel',
  (scope) => {
    expect(() => twoEnds({}, { scope })).toThrow(expect.objectContaining({ code: 'option_invalid' }) as Error);
  },
);

it.each([[-1], [1.5], [NaN]])('%d bytes are no limit', (maxBodyBytes) =>
  expect(() => twoEnds({}, { maxBodyBytes })).toThrow(expect.objectContaining({ code: 'option_invalid' }) as Error),
);
