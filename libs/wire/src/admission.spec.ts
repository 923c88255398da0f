import { admissionOn, type Arriving, type Inadmissible } from './admission';
import { busPermissions } from './permissions';
import { COMMAND_NAMES } from './commands/table';
import { SCOPE_SIGNER_VERBS, subjects, type ScopeSignerVerb } from './subjects';
import { SERVICE_NAMES } from './services';
import { inboxOf } from './inbox';
import { OWN, TRAFFIC, USER_KINDS, matches, trafficOn } from './traffic';

const inadmissible = ({ subject, ...message }: Arriving & { subject: string }): Inadmissible | undefined =>
  admissionOn(subject)?.refuses(message);

const alice = '0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1';
const bob = '0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b2';
const token = 'abcDEF123_-';

/** A subject of each row that a service answers, as `alice` or a service would ask it. */
const answered = TRAFFIC.filter((row) => row.answered && row.listeners.length > 0).map((row) => {
  const subject = row.subject.replace(OWN, alice).replace('>', 'signing.rotate').replaceAll('*', 'platform');
  return { row, subject };
});
const hasId = (kind: string): boolean => kind === 'operator' || kind === 'node';
const inboxFor = (kind: (typeof USER_KINDS)[number], id: string): string => inboxOf(kind, hasId(kind) ? id : undefined);

describe.each(answered)('S1: $subject', ({ row, subject }) => {
  const refused = (reply: string) => inadmissible({ subject, reply, bytes: 2 });

  it.each(USER_KINDS)('is answered into the inbox of %s where they may ask it, and nowhere else', (kind) => {
    const reply = `${inboxFor(kind, alice)}.${token}.${token}`;
    expect(refused(reply)).toBe(row.speakers.includes(kind) ? undefined : 'foreign reply subject');
  });

  it.each([
    ...USER_KINDS.filter(hasId).map((kind) => `${inboxFor(kind, bob)}.${token}`),
    ...USER_KINDS.map((kind) => inboxFor(kind, alice)),
    ...row.speakers.flatMap((kind) => [
      `${inboxFor(kind, alice)}.`,
      `${inboxFor(kind, alice)}.>`,
      `${inboxFor(kind, alice)}.*`,
      `${inboxFor(kind, alice)}..x`,
      `${inboxFor(kind, alice)}.a b`,
      `${inboxFor(kind, alice)}.$JS`,
      `${inboxFor(kind, alice)}x.${token}`,
      `${inboxFor(kind, alice)}.${'x'.repeat(300)}`,
    ]),
    `_INBOX.${token}`,
    subjects.nodeEvents(bob),
    subjects.eventsOut(bob),
    subjects.command(bob, 'token.create'),
    subjects.anySigner('destroy-key'),
    subjects.scopeSigner('platform', 'sign-jws'),
    '$JS.API.STREAM.PURGE.EVENTS',
    '$SYS.REQ.CLAIMS.UPDATE',
  ])('is not answered to %s', (reply) => expect(refused(reply)).toBe('foreign reply subject'));

  it('is not asked without a reply subject', () => expect(refused('')).toBe('no reply subject'));
});

test('S1: nobody is answered whom the answerer has no right to answer, and the other way round', () => {
  for (const { row, subject } of answered) {
    for (const kind of ['rotation', 'signer'] as const) {
      if (!row.listeners.includes(kind)) continue;
      const { publish } = busPermissions({ kind });
      for (const speaker of row.speakers) {
        const reply = `${inboxFor(speaker, alice)}.${token}`;
        expect([subject, reply, publish.some((pattern) => matches(pattern, reply))]).toEqual([subject, reply, true]);
      }
    }
  }
  for (const kind of SERVICE_NAMES) {
    const inboxes = busPermissions({ kind }).publish.filter((pattern) => pattern.startsWith('_INBOX'));
    const asked = TRAFFIC.filter((row) => row.answered && row.listeners.includes(kind)).flatMap((row) => row.speakers);
    expect(new Set(inboxes)).toEqual(new Set(asked.map((speaker) => `${inboxOf(speaker)}.>`)));
  }
});

test('every command and every verb has a row; what has none is refused', () => {
  for (const command of COMMAND_NAMES)
    expect(trafficOn(subjects.command(alice, command))?.listeners).toEqual(['rotation']);
  for (const verb of Object.keys(SCOPE_SIGNER_VERBS) as ScopeSignerVerb[])
    expect(trafficOn(subjects.scopeSigner('platform', verb))?.listeners).toEqual(['signer']);
  expect(admissionOn('signer.scope.platform.other')).toBeUndefined();
});

test('an event is admitted whatever reply subject it carries, since nobody answers it', () => {
  expect(inadmissible({ subject: subjects.nodeAck(alice), reply: '$SYS.x', bytes: 2 })).toBeUndefined();
});

test.each([
  ['a Node says', subjects.nodeHello(alice), 16 * 1_024],
  ['a command carries', subjects.command(alice, 'signing.status'), 16 * 1_024],
  ['a command with a JWS carries', subjects.command(alice, 'signing.verify'), 128 * 1_024],
  ['what a gateway has signed carries', subjects.scopeSigner('issuer:web', 'sign-jwt'), 16 * 1_024],
  ['a renewal carries', subjects.renewLease('signer', 'signer-0'), 1_024 * 1_024],
])('S2: what %s has a limit', (_, subject, limit) => {
  const { speakers } = trafficOn(subject) ?? { speakers: [] };
  const reply = `${inboxFor(speakers[0] ?? 'node', alice)}.${token}`;
  expect(inadmissible({ subject, reply, bytes: limit })).toBeUndefined();
  expect(inadmissible({ subject, reply, bytes: limit + 1 })).toBe('too large');
});

test('the headers of a command over HTTP have a limit, before any is read', () => {
  const asked = { subject: subjects.httpCommand('signing.stage'), reply: `_INBOX.gateway.${token}`, bytes: 2 };
  expect(inadmissible({ ...asked, headerBytes: 2_048 })).toBeUndefined();
  expect(inadmissible({ ...asked, headerBytes: 2_049 })).toBe('too large');
  expect(inadmissible({ ...asked, bytes: 16 * 1_024 + 1 })).toBe('too large');
});

test('S2: an event with the largest payload fits in its longest spelling', () => {
  const spelled = { scope: `domain:${alice}`, event_type: 'x'.repeat(64), request_id: alice, payload: '' };
  const bytes = JSON.stringify(spelled).length + 6 * 65_000;
  const reply = `${inboxFor('operator', alice)}.${token}`;
  expect(inadmissible({ subject: subjects.command(alice, 'events.publish'), reply, bytes })).toBeUndefined();
  expect(inadmissible({ subject: subjects.command(alice, 'signing.sign'), reply, bytes })).toBe('too large');
});

test('S2: askers are told apart as far as the server vouches for them', () => {
  const asker = (subject: string, reply: string) => admissionOn(subject)?.asker(reply);
  expect(asker(subjects.command(alice, 'signing.rotate'), `_INBOX.operator.${alice}.x`)).toBe(alice);
  expect(asker(subjects.nodeAck(alice), '')).toBe(alice);
  expect(asker(subjects.renewLease('signer', 'signer-0'), '_INBOX.signer.x')).toBe('signer signer-0');
  expect(asker(subjects.scopeSigner('platform', 'announce'), '_INBOX.outbox-relay.x')).toBe('outbox-relay platform');
  expect(asker(subjects.httpNodeKey(alice, 'key'), '_INBOX.gateway.x')).toBe(`gateway ${alice}`);
  expect(asker(subjects.httpNodeKey(alice, 'enroll'), '_INBOX.gateway.x')).toBe('gateway');
  expect(asker(subjects.anySigner('destroy-key'), '_INBOX.rotation.x')).toBe('rotation');
});
