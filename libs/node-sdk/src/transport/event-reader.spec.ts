import { fuzz, FUZZ_TIMEOUT_MS } from '@plexsphere/testkit';
import { EventReader, MOST_EVENT_BYTES, type SentEvent } from './event-reader';
import { HttpFailure } from './http-failure';

const read = (text: string, size = text.length, mostBytes?: number): SentEvent[] => {
  const reader = new EventReader(mostBytes);
  const bytes = Buffer.from(text);
  const events: SentEvent[] = [];
  for (let from = 0; from < bytes.length; from += size)
    events.push(...reader.take(bytes.subarray(from, Math.min(from + size, bytes.length))));
  return events;
};

const TEXT = ':\n\nid: 7\nevent: event\ndata: {"a":"é☃\\u2028"}\n\n:\n\nevent: chain\ndata: {}\n\n';

test.each([1, 2, 3, 5, 1_000])('is the same in pieces of %i bytes', (size) => {
  expect(read(TEXT, size)).toEqual([
    { id: '7', event: 'event', data: '{"a":"é☃\\u2028"}' },
    { id: '', event: 'chain', data: '{}' },
  ]);
});

test.each<[string, string, SentEvent[]]>([
  ['lines that end as on Windows', 'data: a\r\n\r\n', [{ id: '', event: '', data: 'a' }]],
  ['data of several lines', 'data: a\ndata: b\n\n', [{ id: '', event: '', data: 'a\nb' }]],
  ['no blank behind the colon', 'event:e\ndata:a\n\n', [{ id: '', event: 'e', data: 'a' }]],
  ['fields that are none of ours', 'retry: 5\nother\ndata: a\n\n', [{ id: '', event: '', data: 'a' }]],
  ['no data', 'event: e\nid: 1\n\n', []],
  ['an event that has not ended', 'data: a\n', []],
  [
    'one that has no id after one that has',
    'id: 1\ndata: a\n\ndata: b\n\n',
    [
      { id: '1', event: '', data: 'a' },
      { id: '', event: '', data: 'b' },
    ],
  ],
])('%s', (_, text, events) => expect(read(text)).toEqual(events));

describe('what is longer than anybody sends', () => {
  const tooLong = expect.objectContaining({ name: 'HttpFailure', reason: 'too long' });

  test.each([
    ['a line without an end', 'x'.repeat(101)],
    ['an event of many lines', 'data: a\n'.repeat(20)],
    ['comments without an end', ':\n'.repeat(101)],
  ])('%s is not put together', (_, text) => expect(() => read(text, 7, 100)).toThrow(tooLong));

  test('what ends in time begins anew', () => expect(read('data: abc\n\n'.repeat(100), 7, 12)).toHaveLength(100));

  test('a chain as long as a message of the bus can be is none', () => {
    const chain = 'c'.repeat(1_048_576);
    expect(read(`event: chain\ndata: ${chain}\n\n`, 65_536)[0]?.data).toBe(chain);
    expect(MOST_EVENT_BYTES).toBeLessThan(1_100_000);
  });
});

test(
  'whatever comes, an event is one or there is none',
  () =>
    fuzz({
      samples: [TEXT],
      parse: (text) => read(text, 3, 4_096),
      refuses: (error) => error instanceof HttpFailure,
      accepted: (events) => events.forEach(({ data }) => expect(data).not.toBe('')),
    }),
  FUZZ_TIMEOUT_MS,
);
