// Whatever comes, an answer does: a refusal by one of the reasons, and no other error.
import fc from 'fast-check';
import { URL_OF_CALL, arrived, reasonOf, twoEnds } from '../testing/two-ends';
import { REFUSALS } from './refusals';

const ends = twoEnds();
const REASONS = Object.keys(REFUSALS);

const NAMES = ['signature', 'signature-input', 'content-digest', 'plexsphere-signed-target'];
/** Pieces of structured fields, and what is none. */
const piece = fc.oneof(
  fc.constantFrom(
    'k1',
    '=',
    ':',
    ';',
    ',',
    '(',
    ')',
    '"',
    '"@method"',
    '"@path"',
    'content-digest',
    'tag="plexsphere-channel"',
  ),
  fc.constantFrom(
    '__proto__',
    'created=1',
    'created=?1',
    'expires=@1',
    'keyid="k1"',
    '%"f%c3%bc"',
    'sha-256=:AAAA:',
    ' ',
    '\\',
    '-1.5',
    '*',
  ),
  fc.string({ maxLength: 5 }),
);
const text = fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join(''));

test('calls with any headers, and what was signed with a header changed', async () => {
  const good = arrived(await ends.sender.call(URL_OF_CALL));
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(fc.constantFrom(...NAMES), text),
      fc.boolean(),
      text,
      async (headers, isAmong, target) => {
        const call = { ...good, headers: isAmong ? { ...good.headers, ...headers } : headers };
        const reasons = [
          await reasonOf(ends.receiver.call(call)),
          await reasonOf(ends.receiver.call({ ...call, target })),
        ];
        const taken = reasons.filter((reason) => !REASONS.includes(reason));
        // What is unsigned may be anything, and nothing else.
        const isGood = isAmong && NAMES.slice(0, 3).every((name) => !(name in headers));
        expect(taken.filter((reason) => !(isGood && reason === 'taken'))).toEqual([]);
      },
    ),
    { numRuns: 500 },
  );
});

test('webhooks with any headers', async () => {
  const names = fc.constantFrom('webhook-id', 'webhook-timestamp', 'webhook-signature');
  await fc.assert(
    fc.asyncProperty(fc.dictionary(names, fc.oneof(text, fc.string())), fc.string(), async (headers, body) => {
      expect(REASONS).toContain(await reasonOf(ends.receiver.webhook({ headers, body })));
    }),
    { numRuns: 500 },
  );
});
