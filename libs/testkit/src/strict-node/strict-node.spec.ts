/** A client that is laxer than the contract would find nothing: what it has to refuse, and what it has to take. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { keysOf, readBeat, readIdentity, readState } from './strict-answers';
import { readEnvelope, refusalOf, timeOf } from './strict-envelope';
import { StrictEvents } from './strict-events';

interface Vector {
  name: string;
  now: string;
  public_key_b64: string;
  previous_b64?: string;
  transition_expires?: string;
  prior_envelopes?: string[];
  envelope: string;
  reason: string;
}

const VECTORS_FILE = join(__dirname, '../../../../test/vectors/envelopes.json');
const { vectors } = JSON.parse(readFileSync(VECTORS_FILE, 'utf8')) as { vectors: Vector[] };

/** A Node's own words, as ours. */
const REASONS: Record<string, string | null> = {
  '': null,
  'api: verifier: event is stale': 'stale',
  'api: verifier: event timestamp is in the future': 'future',
  'api: verifier: signature verification failed': 'signature',
  'api: verifier: duplicate nonce': 'nonce used',
};

const verdict = ({ public_key_b64, previous_b64, transition_expires, now, ...vector }: Vector): string | null => {
  const keys = keysOf({
    current: public_key_b64,
    ...(previous_b64 !== undefined && { previous: previous_b64 }),
    ...(transition_expires !== undefined && { transition_expires }),
  });
  const nonces = new Set<string>();
  const judge = (text: string): string | null => refusalOf(readEnvelope(text), keys, nonces, new Date(now));
  for (const text of vector.prior_envelopes ?? []) expect(judge(text)).toBeNull();
  return judge(vector.envelope);
};

it.each(vectors.map((vector): [string, Vector] => [vector.name, vector]))('judges as a Node does: %s', (_, vector) =>
  expect(verdict(vector)).toBe(REASONS[vector.reason]),
);

it('takes a signature as standard base64 alone, with its padding', () => {
  const [plain] = vectors as [Vector];
  const unpadded = plain.envelope.replace(/=+"}$/, '"}');
  expect(unpadded).not.toBe(plain.envelope);
  expect(verdict({ ...plain, envelope: unpadded })).toBe('signature');
});

describe('a stream', () => {
  const read = (...parts: string[]) => {
    const events = new StrictEvents();
    return parts.map((part) => events.read(Buffer.from(part)));
  };

  it('is read by lines, wherever it is cut', () => {
    const text = 'id: 7\r\nevent: x\r\ndata: é1\r\ndata:2\r\n\r\n: kept alive\n\nid: 8\n\ndata: 3\n\n';
    const whole = [
      { id: '7', data: 'é1\n2' },
      { id: '', data: '3' },
    ];
    expect(read(text)).toEqual([whole]);
    const events = new StrictEvents();
    const bytes = [...Buffer.from(text)].flatMap((byte) => events.read(Buffer.from([byte])));
    expect(bytes).toEqual(whole);
  });

  it.each([
    [65_535, 'taken'],
    [65_536, 'too long'],
  ])('a line of %i bytes, not characters, is %s', (bytes, is) => {
    const line = `data: ${'é'.repeat(Math.floor((bytes - 6) / 2))}${'x'.repeat((bytes - 6) % 2)}`;
    expect(Buffer.byteLength(line)).toBe(bytes);
    expect(read(`${line}\n\n`)[0]?.length ?? 'too long').toBe(is === 'taken' ? 1 : is);
    expect(read(line, '\n\n').at(-1)?.length ?? 'too long').toBe(is === 'taken' ? 1 : is);
  });
});

describe('an answer', () => {
  const key = Buffer.alloc(32, 7).toString('base64');

  it.each([
    ['peers', { peers: {} }],
    ['metadata', { metadata: { os: 1 } }],
    ['a key that is no text', { signing_keys: { current: 7 } }],
    ['a time that is none', { signing_keys: { current: key, transition_expires: '2026-03-01 12:00:00Z' } }],
  ])('fails as a whole by one wrong member of a state: %s', (_, state) => {
    expect(() => readState(JSON.stringify({ peers: [], ...state }))).toThrow();
  });

  it('may lack any member of a state', () => {
    expect(readState('{}')).toBeNull();
    expect(readState(`{"peers":null,"signing_keys":{"current":"${key}"}}`)).toEqual({ current: key });
  });

  it.each([['cVd1pW5qVh2rBr2v0YAmnM2ZrYdLXcPlxRjRkJ7Xw0I'], [key.replace('BwcH', '-wcH')], ['BwcH'], ['']])(
    'kills by a key that is none: %s',
    (current) => expect(() => keysOf({ current })).toThrow('no key'),
  );

  it('is JSON with both words, of a heartbeat', () => {
    expect(readBeat('{"reconcile":true,"rotate_keys":false}')).toEqual({ reconcile: true, rotateKeys: false });
    for (const text of ['', '{}', '{"reconcile":"true","rotate_keys":false}']) expect(() => readBeat(text)).toThrow();
  });

  it('makes a Node only with all that a Node is', () => {
    const whole = { node_id: 'n', mesh_ip: '10.0.0.1', signing_public_key: key, node_secret_key: 'x'.repeat(32) };
    expect(readIdentity(JSON.stringify({ ...whole, more: 1 }))).toEqual(whole);
    for (const name of Object.keys(whole)) {
      expect(() => readIdentity(JSON.stringify({ ...whole, [name]: '' }))).toThrow();
    }
    expect(() => readIdentity(JSON.stringify({ ...whole, node_secret_key: 'x'.repeat(31) }))).toThrow();
  });

  it('gives times by RFC 3339', () => {
    expect(timeOf('2026-03-01T12:00:00.123456789+02:00').toISOString()).toBe('2026-03-01T10:00:00.123Z');
    for (const text of ['2026-03-01', '2026-03-01T12:00:00', '2026-02-41T12:00:00Z', 'now'])
      expect(() => timeOf(text)).toThrow();
  });
});
