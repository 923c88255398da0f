// What is read by one expression is what the library reads of it: no message is anything to the one and something else to the other.
import fc from 'fast-check';
import { readByLibrary } from './library-signatures';
import { covered } from './signature-base';
import { readSpelled, spellParameters, spellSignatures } from './spelled-signatures';

const target = { method: 'POST', path: '/orders', query: '?state=open' };
const digest = `sha-256=:${'A'.repeat(43)}=:`;
const call = { target, digest, base: covered(target, digest) };
const byLibrary = (signature: string, input: string) => readByLibrary({ signature, 'signature-input': input }, call);

const seconds = fc.integer({ min: 1, max: 99_999_999_999 });
const signature = fc.record({
  parameters: fc
    .record({
      created: seconds,
      expires: seconds,
      nonce: fc.stringMatching(/^[A-Za-z0-9_-]{16,100}$/),
      keyId: fc.stringMatching(/^[A-Za-z0-9_-][A-Za-z0-9._~-]{0,40}$/),
    })
    .map(spellParameters),
  value: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('base64')),
});
const signatures = fc.array(signature, { minLength: 1, maxLength: 16 });

it('what is spelled is read as the library reads it', async () => {
  await fc.assert(
    fc.asyncProperty(signatures, async (all) => {
      const { signature, 'signature-input': input } = spellSignatures(all);
      const read = readSpelled(signature, input);
      expect(read).toHaveLength(all.length);
      expect(read).toEqual(await byLibrary(signature, input));
    }),
    { numRuns: 100 },
  );
});

/** Also what is hard to see: another spelling of a number, of base64, of a label. */
const scrap = fc.constantFrom(...[...'0kKB=";:,()\\ \t*.~é'], 'k1=', ', ', ';alg="hmac-sha256"', ';created=1', '-', '');
const change = fc.record({
  isOfInput: fc.boolean(),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  cut: fc.nat({ max: 2 }),
  scrap,
});

it('what is spelled nearly so is read as the library reads it, or not at all', async () => {
  const read = { isRead: 0, isNot: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.array(signature, { minLength: 1, maxLength: 3 }),
      change,
      async (all, { isOfInput, at, cut, scrap }) => {
        const spelled = spellSignatures(all);
        const name = isOfInput ? 'signature-input' : 'signature';
        const index = Math.floor(at * spelled[name].length);
        spelled[name] = `${spelled[name].slice(0, index)}${scrap}${spelled[name].slice(index + cut)}`;
        const found = readSpelled(spelled.signature, spelled['signature-input']);
        read[found === undefined ? 'isNot' : 'isRead'] += 1;
        if (found !== undefined) expect(found).toEqual(await byLibrary(spelled.signature, spelled['signature-input']));
      },
    ),
    { numRuns: 1_000 },
  );
  // Otherwise it was too tame, or too wild, to prove anything.
  expect([read.isRead > 20, read.isNot > 20]).toEqual([true, true]);
});

it.each([
  ['a number with a zero before it', 'created=1', 'created=01'],
  ['a nonce that is too short', /nonce="[^"]*"/, 'nonce="short"'],
  ['a key id that begins with a full stop', /keyid="/, 'keyid=".'],
  ['parameters in another order', /(;created=\d+)(;expires=\d+)/, '$2$1'],
  ['another purpose', 'plexsphere-channel', 'another'],
  ['components in another order', '"@method" "@path"', '"@path" "@method"'],
  ['a label of its own', 'k1=', 'sig1='],
])('%s is left to the library', (_, what, other) => {
  const parameters = spellParameters({ created: 1, expires: 2, nonce: 'n'.repeat(24), keyId: 'k' });
  const { signature, 'signature-input': input } = spellSignatures([{ parameters, value: `${'A'.repeat(43)}=` }]);
  expect(readSpelled(signature, input)).toHaveLength(1);
  const changed = input.replace(what, other);
  expect(changed).not.toBe(input);
  expect(readSpelled(signature.replace('k1=', changed.split('(')[0] ?? ''), changed)).toBeUndefined();
});
