// Where keys come from: how texts are read, and when they are read again. The clock is the spec's.
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '@plexsphere/testkit';
import { OPPOSITE, SCOPE, keyOf, secretOf, reasonOf } from '../../testing/two-ends';
import { fileKeys, joinKeys, memberKeys, readKeys, type ChannelKey, type ChannelMember, type KeyTextOptions } from '..';
import { keysOfText } from './key-text';

const SECOND = 1_000;
const hex = (keyId: string): string => secretOf(keyId).toString('hex');
const mapOf = (...keyIds: string[]): string =>
  JSON.stringify(Object.fromEntries(keyIds.map((each) => [each, hex(each)])));

let logged: unknown[][];
const logger = {
  info: (...what: unknown[]) => void logged.push(what),
  warn: (...what: unknown[]) => void logged.push(['warned', ...what]),
};
const loaded = (...kids: string[]) => [{ scope: SCOPE, kids }, 'channel keys loaded'];
const failed = (reason: string) => ['warned', { scope: SCOPE, reason }, 'channel keys could not be read'];

beforeEach(() => {
  logged = [];
  jest.useFakeTimers({ now: 1_000_000, doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
});
afterEach(() => void jest.useRealTimers());
const pass = (ms: number): void => void jest.advanceTimersByTime(ms);
const kidsOf = async (keys: Promise<readonly ChannelKey[]>): Promise<string[]> =>
  (await keys).map(({ keyId }) => keyId);

describe('a text', () => {
  const [k1, k2] = [secretOf('k1'), secretOf('k2')];
  it.each<[string, string, KeyTextOptions, unknown[]]>([
    [
      'a map',
      JSON.stringify({ k2: k2.toString('hex'), k1: k1.toString('hex') }),
      { format: 'map' },
      [keyOf('k2', 'verify'), keyOf('k1', 'verify')],
    ],
    [
      'an active one',
      JSON.stringify({ key_id: 'k1', secret: k1.toString('hex') }),
      { format: 'active' },
      [keyOf('k1', 'sign')],
    ],
    [
      'a map of who signs',
      JSON.stringify({ k1: k1.toString('hex').toUpperCase() }),
      { format: 'map', use: 'sign' },
      [keyOf('k1', 'sign')],
    ],
    [
      'base64',
      JSON.stringify({ k1: k1.toString('base64') }),
      { format: 'map', encoding: 'base64' },
      [keyOf('k1', 'verify')],
    ],
    [
      'whsec',
      JSON.stringify({ k1: `whsec_${k1.toString('base64')}` }),
      { format: 'map', encoding: 'whsec' },
      [keyOf('k1', 'verify')],
    ],
    ['an empty map', '{}', { format: 'map' }, []],
  ])('%s', (_, text, options, keys) => expect(keysOfText(text, options)).toEqual(keys));

  const short = secretOf('k1').subarray(1);
  it.each<[string, string, string, KeyTextOptions]>([
    ['no JSON', 'keys_malformed', `{"k1":"${hex('k1')}`, { format: 'map' }],
    ['a list', 'keys_malformed', '[]', { format: 'map' }],
    ['null', 'keys_malformed', 'null', { format: 'active' }],
    [
      'an active one in place of a map',
      'keys_malformed',
      JSON.stringify({ key_id: 'k1', secret: hex('k1') }),
      { format: 'map' },
    ],
    ['a map in place of an active one', 'keys_malformed', mapOf('k1'), { format: 'active' }],
    ['a name that is no key id', 'keys_malformed', mapOf('k 1'), { format: 'map' }],
    ['a secret that is no text', 'keys_malformed', '{"k1":1}', { format: 'map' }],
    ['base64 as hex', 'keys_malformed', JSON.stringify({ k1: secretOf('k1').toString('base64') }), { format: 'map' }],
    ['hex as whsec', 'keys_malformed', mapOf('k1'), { format: 'map', encoding: 'whsec' }],
    [
      'base64 that is spelled otherwise',
      'keys_malformed',
      JSON.stringify({ k1: secretOf('k1').toString('base64url') }),
      { format: 'map', encoding: 'base64' },
    ],
    ['half a byte', 'keys_malformed', JSON.stringify({ k1: `${hex('k1')}a` }), { format: 'map' }],
    ['a secret that is too long', 'keys_malformed', JSON.stringify({ k1: 'a'.repeat(258) }), { format: 'map' }],
    ['too many keys', 'keys_malformed', mapOf(...Array.from({ length: 17 }, (_, n) => `k${n}`)), { format: 'map' }],
    ['a text that is too long', 'keys_malformed', `${mapOf('k1')}${' '.repeat(64 * 1_024)}`, { format: 'map' }],
    ['31 bytes', 'secret_too_short', JSON.stringify({ k2: hex('k2'), k1: short.toString('hex') }), { format: 'map' }],
    ['no byte', 'keys_malformed', '{"k1":""}', { format: 'map' }],
  ])('%s: %s, and nothing of it is told', (_, code, text, options) => {
    expect(() => keysOfText(text, options)).toThrow(expect.objectContaining({ name: 'ChannelError', code }) as Error);
    try {
      keysOfText(text, options);
    } catch (error) {
      expect(String(error)).not.toContain(hex('k1').slice(0, 8));
    }
  });

  it.each<[string, object]>([
    ['a format', { format: 'list' }],
    ['an encoding', { encoding: 'toString' }],
    ['a use', { use: 'both' }],
    ['a scope', { scope: 'platform' }],
    ['a time that is too long', { times: { ttlMs: 60_001 } }],
    ['a time that is none', { times: { ttl: 1 } }],
  ])('is not read by %s that there is not', (_, change) => {
    const read = () => Promise.resolve('');
    expect(() => readKeys({ scope: SCOPE, format: 'map', read, ...change })).toThrow(
      expect.objectContaining({ code: 'option_invalid' }) as Error,
    );
  });
});

describe('a function', () => {
  let text: string;
  let reads: number;
  let broken: Error | undefined;
  const source = () =>
    readKeys({
      ...{ scope: SCOPE, format: 'map', logger },
      read: async () => {
        reads += 1;
        if (broken !== undefined) throw broken;
        return text;
      },
    });
  beforeEach(() => void ([text, reads, broken] = [mapOf('k1'), 0, undefined]));

  it('is asked once a minute, and for no other ring', async () => {
    const keys = source();
    expect(await kidsOf(keys.keysFor(SCOPE))).toEqual(['k1']);
    text = mapOf('k2', 'k1');
    pass(60 * SECOND - 1);
    expect([await kidsOf(keys.keysFor(SCOPE)), reads]).toEqual([['k1'], 1]);
    pass(1);
    expect([await kidsOf(keys.keysFor(SCOPE)), reads]).toEqual([['k2', 'k1'], 2]);
    expect([await keys.keysFor(OPPOSITE), await keys.keysAgain(OPPOSITE), reads]).toEqual([[], [], 2]);
    expect(logged).toEqual([loaded('k1'), loaded('k2', 'k1')]);
    expect(JSON.stringify(logged)).not.toContain(hex('k1').slice(0, 8));
  });

  it('is asked once by all who wait', async () => {
    const keys = source();
    await Promise.all([keys.keysFor(SCOPE), keys.keysFor(SCOPE), keys.keysAgain(SCOPE)]);
    expect(reads).toBe(1);
  });

  it('is asked again for what no key verifies, every ten seconds at most', async () => {
    const keys = source();
    await keys.keysFor(SCOPE);
    text = mapOf('k2');
    expect([await kidsOf(keys.keysAgain(SCOPE)), reads]).toEqual([['k1'], 1]);
    pass(10 * SECOND);
    expect([await kidsOf(keys.keysAgain(SCOPE)), reads]).toEqual([['k2'], 2]);
    for (let n = 0; n < 5; n += 1) await keys.keysAgain(SCOPE);
    expect(reads).toBe(2);
  });

  it('says so when a secret changes under its id, and nothing when nothing has', async () => {
    const keys = source();
    await keys.keysFor(SCOPE);
    pass(60 * SECOND);
    await keys.keysFor(SCOPE);
    text = JSON.stringify({ k1: hex('k2') });
    pass(60 * SECOND);
    await keys.keysFor(SCOPE);
    expect([logged, reads]).toEqual([[loaded('k1'), loaded('k1')], 3]);
  });

  it('that fails leaves what was read, is asked again after ten seconds, and keeps nobody waiting', async () => {
    const keys = source();
    await keys.keysFor(SCOPE);
    broken = Object.assign(new Error(`cannot read ${hex('k1')}`), { code: 'ECONNREFUSED' });
    pass(60 * SECOND);
    for (let n = 0; n < 3; n += 1) expect(await kidsOf(keys.keysFor(SCOPE))).toEqual(['k1']);
    expect([reads, logged]).toEqual([2, [loaded('k1'), failed('ECONNREFUSED')]]);
    pass(10 * SECOND);
    [broken, text] = [undefined, mapOf('k2')];
    expect(await kidsOf(keys.keysFor(SCOPE))).toEqual(['k1']);
    await new Promise((resolve) => setImmediate(resolve));
    expect([await kidsOf(keys.keysFor(SCOPE)), reads]).toEqual([['k2'], 3]);
    text = mapOf('k3');
    pass(60 * SECOND);
    expect(await kidsOf(keys.keysFor(SCOPE))).toEqual(['k3']);
  });

  it.each([
    ['that is none of ours', new Error(`cannot read ${hex('k1')}`), 'failed'],
    ['with a code that is a text', Object.assign(new Error(), { code: `no ${hex('k1')}` }), 'failed'],
  ])('that fails by an error %s quotes nothing', async (_, error, reason) => {
    broken = error;
    const keys = source();
    expect(await reasonOf(keys.keysFor(SCOPE))).toBe('keys_unavailable');
    expect(logged).toEqual([failed(reason)]);
    // And is not asked by each who comes.
    expect([await reasonOf(keys.keysFor(SCOPE)), reads]).toEqual(['keys_unavailable', 1]);
    broken = undefined;
    pass(10 * SECOND);
    expect(await kidsOf(keys.keysFor(SCOPE))).toEqual(['k1']);
  });

  it('that brings a secret that is too short brings nothing', async () => {
    const keys = source();
    await keys.keysFor(SCOPE);
    text = JSON.stringify({ k2: hex('k2'), k1: hex('k1').slice(2) });
    pass(60 * SECOND);
    await keys.keysFor(SCOPE);
    expect([await kidsOf(keys.keysFor(SCOPE)), logged.at(-1)]).toEqual([['k1'], failed('secret_too_short')]);
  });

  it('that does not answer is given up after five seconds', async () => {
    const keys = readKeys({ scope: SCOPE, logger, read: () => new Promise<ChannelKey[]>(() => undefined) });
    const asked = reasonOf(keys.keysFor(SCOPE));
    await new Promise((resolve) => setImmediate(resolve));
    pass(5 * SECOND);
    expect([await asked, logged]).toEqual(['keys_unavailable', [failed('ETIMEDOUT')]]);
  });

  it('may bring keys as they are', async () => {
    const key = keyOf('k1', 'verify', { verifiesUntil: new Date(5) });
    const keys = readKeys({ scope: SCOPE, read: async () => [key] });
    expect(await keys.keysFor(SCOPE)).toEqual([key]);
    const short = readKeys({ scope: SCOPE, logger, read: async () => [{ ...key, secret: Buffer.alloc(31) }] });
    expect([await reasonOf(short.keysFor(SCOPE)), logged]).toEqual(['keys_unavailable', [failed('secret_too_short')]]);
  });

  it('is asked again by a clock that was set back', async () => {
    const keys = source();
    await keys.keysFor(SCOPE);
    jest.setSystemTime(Date.now() - 1);
    await keys.keysFor(SCOPE);
    expect(reads).toBe(2);
  });
});

describe('a file', () => {
  const folder = temporaryFolder();
  let path: string;
  let count = 0;
  beforeEach(() => void (path = join(folder, `keys-${(count += 1)}.json`)));
  const source = () => fileKeys({ scope: SCOPE, path, format: 'map', logger });
  const replace = async (text: string): Promise<void> => {
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path);
  };

  it('is read again when another was put in its place, after a second at most', async () => {
    await replace(mapOf('k1'));
    const keys = source();
    expect(await kidsOf(keys.keysFor(SCOPE))).toEqual(['k1']);
    await replace(mapOf('k2', 'k1'));
    pass(SECOND);
    expect(await kidsOf(keys.keysFor(SCOPE))).toEqual(['k2', 'k1']);
    await writeFile(path, mapOf('k2'));
    pass(SECOND);
    expect(await kidsOf(keys.keysFor(SCOPE))).toEqual(['k2']);
    expect(logged).toEqual([loaded('k1'), loaded('k2', 'k1'), loaded('k2')]);
  });

  it('is read at once for a message that no key of it verifies, where it has changed', async () => {
    await replace(mapOf('k1'));
    const keys = source();
    await keys.keysFor(SCOPE);
    await replace(mapOf('k2', 'k1'));
    expect(await kidsOf(keys.keysFor(SCOPE))).toEqual(['k1']);
    expect(await kidsOf(keys.keysAgain(SCOPE))).toEqual(['k2', 'k1']);
  });

  it('that is written by halves changes nothing until it is whole', async () => {
    await replace(mapOf('k1'));
    const keys = source();
    await keys.keysFor(SCOPE);
    await writeFile(path, mapOf('k2').slice(0, 40));
    pass(SECOND);
    expect(await kidsOf(keys.keysFor(SCOPE))).toEqual(['k1']);
    await writeFile(path, mapOf('k2'));
    pass(SECOND);
    expect(await kidsOf(keys.keysFor(SCOPE))).toEqual(['k2']);
    expect(logged).toEqual([loaded('k1'), failed('keys_malformed'), loaded('k2')]);
  });

  it('that comes late is waited for, and one that goes leaves what was read', async () => {
    const keys = source();
    expect(await reasonOf(keys.keysFor(SCOPE))).toBe('keys_unavailable');
    await replace(mapOf('k1'));
    pass(SECOND);
    expect(await kidsOf(keys.keysFor(SCOPE))).toEqual(['k1']);
    await rm(path);
    pass(61 * SECOND);
    expect(await kidsOf(keys.keysFor(SCOPE))).toEqual(['k1']);
    expect(logged).toEqual([failed('ENOENT'), loaded('k1'), failed('ENOENT')]);
  });

  it.each<[string, () => Promise<unknown>, string]>([
    ['is too long', () => writeFile(path, `${mapOf('k1')}${' '.repeat(64 * 1_024)}`), 'keys_malformed'],
    ['is a folder', () => mkdir(path), 'EISDIR'],
  ])('that %s is none', async (_, make, reason) => {
    await make();
    expect([await reasonOf(source().keysFor(SCOPE)), logged]).toEqual(['keys_unavailable', [failed(reason)]]);
  });

  it('is of a format and an encoding that there are', () => {
    const make = () => fileKeys({ scope: SCOPE, path, format: 'yaml' as 'map' });
    expect(make).toThrow(expect.objectContaining({ code: 'option_invalid' }) as Error);
  });
});

describe('a member', () => {
  class Member implements ChannelMember {
    listener: () => void = () => undefined;
    keys: readonly ChannelKey[] | Error = [keyOf('k1', 'verify')];

    keysFor(scope: string): readonly ChannelKey[] {
      if (this.keys instanceof Error) throw this.keys;
      return scope === SCOPE ? this.keys : [];
    }

    onChange(listener: () => void): void {
      this.listener = listener;
    }
  }

  it('is asked each time, and says which keys it holds now', async () => {
    const member = new Member();
    const keys = memberKeys(member, { logger });
    for (let n = 0; n < 2; n += 1) expect(await kidsOf(keys.keysFor(SCOPE))).toEqual(['k1']);
    expect(await keys.keysFor(OPPOSITE)).toEqual([]);
    member.keys = [keyOf('k2', 'verify'), keyOf('k1', 'verify')];
    member.listener();
    expect(await kidsOf(keys.keysAgain(SCOPE))).toEqual(['k2', 'k1']);
    member.listener();
    await new Promise((resolve) => setImmediate(resolve));
    expect(logged).toEqual([loaded('k1'), loaded('k2', 'k1')]);
  });

  it('that holds a secret that is too short holds none', async () => {
    const member = new Member();
    const keys = memberKeys(member, { logger });
    await keys.keysFor(SCOPE);
    member.keys = [keyOf('k1', 'verify', { secret: Buffer.alloc(31) })];
    member.listener();
    expect(await reasonOf(keys.keysFor(SCOPE))).toBe('secret_too_short');
    await new Promise((resolve) => setImmediate(resolve));
    expect(logged).toEqual([loaded('k1'), failed('secret_too_short')]);
  });

  it('that fails is none', async () => {
    const member = new Member();
    member.keys = new Error('stopped');
    expect(await reasonOf(memberKeys(member).keysFor(SCOPE))).toBe('Error: stopped');
  });
});

it('several sources are one, of each ring the first that has keys', async () => {
  const of = (scope: string, keyId: string) => readKeys({ scope, read: async () => [keyOf(keyId, 'verify')] });
  const keys = joinKeys(of(SCOPE, 'k1'), of(OPPOSITE, 'k2'), of(SCOPE, 'k3'));
  expect(await kidsOf(keys.keysFor(SCOPE))).toEqual(['k1']);
  expect(await kidsOf(keys.keysAgain(OPPOSITE))).toEqual(['k2']);
  expect(await keys.keysFor('channel:other:app-to-plugin')).toEqual([]);
});
