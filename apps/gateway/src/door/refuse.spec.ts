import { problem } from '@plexsphere/wire';
import { refusalOf } from './refuse';

test.each([
  ['one that says when to come again', problem('tooOften', { retry_after: 40 }), '40'],
  ['one of a service behind, which does not', problem('tooManyWaiting'), '5'],
  ['one that is no matter of time', problem('unknownRoute'), undefined],
])('a refusal, %s', (_, refused, seconds) => {
  const { headers } = refusalOf(refused);
  expect(Object.entries(headers).find(([name]) => name === 'retry-after')?.[1]).toBe(seconds);
});
