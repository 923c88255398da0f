// The commands about channels and their members, against a server that answers as a test says.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { bearerHash, isSealingKey } from '@plexsphere/wire';
import type { AddMemberReply } from '@plexsphere/wire/commands';
import {
  BANK_ID,
  channel,
  commandOf,
  receiver,
  refusal,
  ring,
  rotating,
  sender,
  TO_BANK,
  TO_WEB,
  WEB_ID,
} from '../../../testing/channel';
import { FakeBus, type Reaction, type Request } from '../../../testing/fake-bus';
import { NOW } from '../../../testing/status';
import { Desk, type Outcome } from '../../../testing/surroundings';

const desk = new Desk();
afterAll(() => desk.remove());

async function plexctl(reaction: Reaction, args: string): Promise<Outcome & { requests: Request[] }> {
  const bus = new FakeBus(() => reaction);
  try {
    return { ...(await desk.plexctl(await bus.start(), args.split(' '))), requests: bus.requests };
  } finally {
    await bus.stop();
  }
}

const RINGS = [TO_WEB, TO_BANK].map((scope) => ({ scope, epoch: 1, active_key_id: 'key-1' }));

describe('channel create', () => {
  const reply = { slug: 'pay', sides: ['web', 'bank'], rings: RINGS };

  it('makes both rings, and says that nobody is there', async () => {
    const { exitCode, stdout, stderr, requests } = await plexctl(
      { reply },
      'channel create --slug pay --side web --side bank',
    );
    expect(exitCode).toBe(0);
    expect(requests.map((request) => [commandOf(request), request.body])).toEqual([
      ['channel.create', { slug: 'pay', sides: ['web', 'bank'], request_id: expect.any(String) }],
    ]);
    expect(stdout).toMatch(
      /^SCOPE +EPOCH +ACTIVE_KEY_ID\nchannel:pay:bank-to-web +1 +key-1\nchannel:pay:web-to-bank +1 +key-1\n$/,
    );
    expect(stderr).toContain('plexctl channel add-member --slug pay --side bank');
  });

  it.each([
    ['--side web', '--side is to be given twice'],
    ['', '--side is required'],
    ['--side web --side bank --side shop', '--side is to be given twice'],
    ['--side web --side web', 'the two sides are the same'],
    ['--side web --side to-bank', '--side takes'],
    ['--side web --side bank --slug -', '--slug is given twice'],
  ])('refuses %s before it asks', async (flags, told) => {
    const { exitCode, stderr, requests } = await plexctl({ reply }, `channel create --slug pay ${flags}`.trimEnd());
    expect([exitCode, requests]).toEqual([2, []]);
    expect(stderr).toContain(told);
  });

  it('leads on where there is one', async () => {
    const { exitCode, stderr } = await plexctl(refusal('channelExists'), 'channel create --slug pay --side a --side b');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('hint: plexctl channel list');
  });
});

describe('channel add-member', () => {
  const reply: AddMemberReply = {
    ...{ node_id: BANK_ID, name: 'bank-1', slug: 'pay', side: 'bank', sink: false, rings: RINGS },
    ...{ bus_jwt: 'a.b.c', bundle: 'd.e.f' },
  };
  const add = (out: string, more = ''): string =>
    `channel add-member --slug pay --side bank --name bank-1 --out ${out}${more}`;
  const fileOf = (path: string): Record<string, unknown> => JSON.parse(readFileSync(path, 'utf8'));
  const place = (name: string): string => join(desk.folder, name);

  it('sends public halves alone, and writes the file for its owner alone', async () => {
    const out = place('bank-1.json');
    const { exitCode, stdout, stderr, requests } = await plexctl({ reply }, add(out));
    expect(exitCode).toBe(0);
    expect(statSync(out).mode & 0o777).toBe(0o600);
    const { bus_credential: credential, channel: member, ...rest } = fileOf(out);
    expect(rest).toEqual({
      ...{ node_id: BANK_ID, scope: 'platform', name: 'bank-1', bundle: 'd.e.f', servers: [expect.any(String)] },
    });
    const secret = (member as { sealing_private_key: string }).sealing_private_key;
    expect(member).toEqual({ slug: 'pay', side: 'bank', sealing_private_key: secret });
    const body = requests[0]?.body ?? {};
    expect(body).toEqual({
      ...{ slug: 'pay', side: 'bank', name: 'bank-1', request_id: expect.any(String) },
      ...{ bus_public_key: expect.stringMatching(/^U/), sealing_public_key: expect.any(String) },
    });
    expect(isSealingKey(body['sealing_public_key'])).toBe(true);
    const seed = /^SU.*$/m.exec(String(credential))?.[0] ?? 'no seed';
    for (const told of [seed, secret]) expect(JSON.stringify(requests) + stdout + stderr).not.toContain(told);
  });

  it('makes other keys each time', async () => {
    const bodies = [];
    for (const name of ['one.json', 'two.json'])
      bodies.push((await plexctl({ reply }, add(place(name)))).requests[0]?.body);
    expect(bodies[0]?.['sealing_public_key']).not.toBe(bodies[1]?.['sealing_public_key']);
    expect(bodies[0]?.['bus_public_key']).not.toBe(bodies[1]?.['bus_public_key']);
  });

  it('over HTTP draws the bearer, of which the hash is sent', async () => {
    const out = place('http.json');
    const gateways = ['https://one.example.com', 'https://two.example.com/proxy'];
    const more = gateways.map((url) => ` --gateway ${url}`).join('');
    const answer = { reply: { ...reply, bus_jwt: null } };
    const { exitCode, stdout, stderr, requests } = await plexctl(answer, add(out, more));
    expect(exitCode).toBe(0);
    const file = fileOf(out);
    expect(file).toMatchObject({ gateways, channel: { slug: 'pay', side: 'bank' } });
    expect(file).not.toHaveProperty('bus_credential');
    expect(requests[0]?.body).toMatchObject({ bearer_hash: bearerHash(String(file['bearer'])) });
    expect(requests[0]?.body).not.toHaveProperty('bus_public_key');
    expect(JSON.stringify(requests) + stdout + stderr).not.toContain(file['bearer']);
  });

  it('puts the certificates of the gateways into the file', async () => {
    const ca = '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n';
    const flags = ` --gateway https://one.example.com --gateway-ca-file ${desk.file('ca.pem', ca)}`;
    await plexctl({ reply: { ...reply, bus_jwt: null } }, add(place('ca.json'), flags));
    expect(fileOf(place('ca.json'))).toMatchObject({ gateway_ca: ca });
  });

  it('says of a sink that it is one', async () => {
    const out = place('sink.json');
    const { stdout, requests } = await plexctl({ reply: { ...reply, sink: true } }, add(out, ' --sink'));
    expect(requests[0]?.body).toMatchObject({ sink: true });
    expect(fileOf(out)).toMatchObject({ channel: { sink: true } });
    expect(stdout).toMatch(/ bank-1 +yes /);
  });

  it.each([
    [' --gateway http://one.example.com', 'gateways'],
    [' --gateway https://one.example.com --gateway http://127.0.0.1:1', 'gateways'],
    [' --gateway https://ana@one.example.com', 'gateways'],
    [' --gateway ftp://one.example.com', 'gateways'],
    [' --gateway-ca-file ca.pem', 'gateway_ca_file'],
  ])('refuses%s before it asks, and leaves no file', async (more, field) => {
    const { exitCode, stderr, requests } = await plexctl({ reply }, add(place('refused.json'), more));
    expect([exitCode, requests]).toEqual([2, []]);
    expect(stderr).toContain(`\n  field: ${field}\n`);
    expect(readdirSync(desk.folder).filter((name) => name.includes('refused'))).toEqual([]);
  });

  it('names the sides where there is no such', async () => {
    const answer = refusal('invariantViolation', { field: 'side', sides: ['web', 'shop'] });
    const { exitCode, stderr } = await plexctl(answer, add(place('side.json')));
    expect(exitCode).toBe(2);
    expect(stderr).toContain("(--side must be one of the channel's: web, shop)");
    expect(readdirSync(desk.folder).filter((name) => name.includes('side.json'))).toEqual([]);
  });

  it('leads to the Nodes of the platform where the name is taken there', async () => {
    const { exitCode, stderr } = await plexctl(refusal('nodeExists', { field: 'name' }), add(place('taken.json')));
    expect(exitCode).toBe(1);
    expect(stderr).toContain('hint: choose another --name; plexctl node list --scope platform shows those');
  });

  it('does not ask where the file exists', async () => {
    const { exitCode, requests } = await plexctl({ reply }, add(desk.file('there.json', 'precious')));
    expect([exitCode, requests]).toEqual([2, []]);
    expect(readFileSync(place('there.json'), 'utf8')).toBe('precious');
  });

  it('keeps the file, and says where, where its place was taken meanwhile', async () => {
    const bus = new FakeBus(() => {
      desk.file('raced.json', 'of somebody else');
      return { reply };
    });
    const { exitCode, stderr } = await desk.plexctl(await bus.start(), add(place('raced.json')).split(' '));
    await bus.stop();
    expect(exitCode).toBe(1);
    const kept = /is in (\S+):/.exec(stderr)?.[1] ?? '';
    expect(fileOf(kept)).toMatchObject({ node_id: BANK_ID, channel: { side: 'bank' } });
  });

  it('tells how to find out where the answer is lost', async () => {
    const stop = new AbortController();
    const bus = new FakeBus(() => {
      stop.abort();
      return 'silence';
    });
    const args = add(place('lost.json')).split(' ');
    const { exitCode, stderr } = await desk.plexctl(await bus.start(), args, { interrupted: stop.signal });
    await bus.stop();
    expect(exitCode).toBe(1);
    expect(stderr).toContain('plexctl: outcome unknown\n');
    expect(stderr).toContain('plexctl channel remove-member --slug pay --name bank-1, and add it again');
  });
});

describe('channel remove-member', () => {
  const reply = {
    ...{ node_id: BANK_ID, name: 'bank-1', slug: 'pay', side: 'bank', removed_at: NOW, rings: RINGS, pushed: true },
    known: [
      { scope: TO_WEB, key_ids: ['key-1'] },
      { scope: TO_BANK, key_ids: ['key-1', 'key-2'] },
    ],
  };

  it('names the secrets that it still knows, and the two commands', async () => {
    const { exitCode, stdout, stderr, requests } = await plexctl(
      { reply },
      'channel remove-member --slug pay --name bank-1',
    );
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(requests[0]?.body).toEqual({ slug: 'pay', name: 'bank-1', request_id: expect.any(String) });
    expect(stdout).toContain(`${TO_BANK}: key-1, key-2\n`);
    expect(stdout.match(/next: .*/g)).toEqual([
      `next: plexctl signing rotate --scope ${TO_WEB} --reason "bank-1 was removed"`,
      `next: plexctl signing rotate --scope ${TO_BANK} --reason "bank-1 was removed"`,
    ]);
  });

  it('says what is not done yet, and where nothing is known', async () => {
    const args = `channel remove-member --slug pay --node-id ${BANK_ID}`;
    const { stdout, stderr, requests } = await plexctl({ reply: { ...reply, pushed: false, known: [] } }, args);
    expect(requests[0]?.body).toMatchObject({ slug: 'pay', node_id: BANK_ID });
    expect(stdout).toContain('bank-1 knows no secret that verifies.');
    expect(stderr).toMatch(/^note: the bus does not refuse its credential yet/);
  });

  it.each(['', ` --name bank-1 --node-id ${BANK_ID}`])('refuses to guess whom%s', async (more) => {
    const { exitCode, requests } = await plexctl({ reply }, `channel remove-member --slug pay${more}`);
    expect([exitCode, requests]).toEqual([2, []]);
  });

  it('leads on where there is no such member', async () => {
    const { stderr } = await plexctl(refusal('unknownMember'), 'channel remove-member --slug pay --name nobody');
    expect(stderr).toContain('hint: plexctl channel show --slug pay shows the members');
  });
});

it('channel list: a row a direction, with who signs and who verifies', async () => {
  const rings = RINGS.map((each, at) => ({ ...each, phase: at === 0 ? null : 'staged' }));
  const reply = { channels: [{ slug: 'pay', sides: ['web', 'bank'], members: [1, 2], rings, created_at: NOW }] };
  const { stdout } = await plexctl({ reply }, 'channel list');
  expect(stdout.split('\n').map((line) => line.split(/ +/).slice(0, 6))).toEqual([
    ['SCOPE', 'SENDERS', 'RECEIVERS', 'EPOCH', 'ACTIVE_KEY_ID', 'ROTATION'],
    [TO_WEB, '2', '1', '1', 'key-1', '-'],
    [TO_BANK, '1', '2', '1', 'key-1', 'staged'],
    [''],
  ]);
});

describe('channel show', () => {
  const show = (given: object): Promise<Outcome> =>
    plexctl({ reply: channel(ring(TO_BANK, given)) }, 'channel show --slug pay');

  it('says of a key that is staged whom it waits for, and what happens by itself', async () => {
    const { exitCode, stdout } = await show({ ...rotating('staged'), waiting_for: ['bank-1'] });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^ {2}rotation +staged: key-1 to key-2, since 2026-05-01T11:00:00Z \(1h\)$/m);
    expect(stdout).toMatch(/^ +nobody signs by key-2 yet$/m);
    expect(stdout).toContain('next: key-2 signs by itself once bank-1 has proven to hold it\n');
    expect(stdout).not.toContain('rollback');
  });

  it('names the ways on where that takes too long', async () => {
    const { stdout } = await show({ ...rotating('staged'), waiting_for: ['bank-1'], overdue: true });
    expect(stdout).toMatch(/^ {2}waits for +bank-1, OVERDUE$/m);
    expect(stdout).toContain(`plexctl signing rollback --scope ${TO_BANK}`);
    expect(stdout).toContain('plexctl channel remove-member --slug pay --name bank-1');
  });

  it('names the close once nobody is waited for', async () => {
    const close = `plexctl signing close --scope ${TO_BANK} --old key-1 --new key-2`;
    expect((await show(rotating('active'))).stdout).toContain(`next: nobody is waited for: ${close}`);
    const waiting = await show({ ...rotating('active'), waiting_for: ['web-1'] });
    expect(waiting.stdout).toContain('next: web-1 may still need key-1');
  });

  it('says that nobody is waited for so far while members sign by both, and who is afterwards', async () => {
    const early = await show({ ...rotating('active'), safe_close_at: '2026-05-01T12:05:00Z' });
    expect(early.stdout).toMatch(
      /^ {2}waits for +nobody so far; members sign by both keys until 2026-05-01T12:05:00Z, and then those that verify report once more$/m,
    );
    const late = await show({ ...rotating('active'), safe_close_at: '2026-05-01T11:55:00Z' });
    expect(late.stdout).toMatch(/^ {2}waits for +nobody$/m);
  });

  it('says what a sink cannot say, and what it found', async () => {
    const sink = receiver({ name: 'aws', sink: true, last_verified: 'unknown', taken_over: ['old-1', 'old-2'] });
    const { stdout } = await show({ members: [sender(), sink] });
    expect(stdout).toMatch(/^ {2}not ours +old-1, old-2, which aws found and keeps until the first close$/m);
    expect(stdout).toMatch(/^ {2}aws \(sink\) +bank +receiver +3 +key-1 +- +unknown /m);
    expect(stdout).toContain('unknown: a sink writes for somebody else');
  });

  it('says where nobody is', async () => {
    expect((await show({ members: [] })).stdout).toContain('next: nobody is at side bank: plexctl channel add-member');
  });
});

describe('channel verify', () => {
  it('exits 0 where all is well', async () => {
    const { exitCode, stdout, stderr } = await plexctl({ reply: channel() }, 'channel verify --slug pay');
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('all is well');
    expect(stdout.match(/^channel:pay:/gm)).toHaveLength(4);
  });

  it('exits 1 where not, and names whom', async () => {
    const late = receiver({
      node_id: WEB_ID,
      name: 'bank-2',
      reported_at: null,
      epoch: null,
      proven: [],
      last_verified: null,
    });
    const reply = channel(
      ring(TO_WEB),
      ring(TO_BANK, { members: [sender(), receiver({ refusals: { stale: 2 } }), late] }),
    );
    const text = await plexctl({ reply }, 'channel verify --slug pay');
    expect(text.exitCode).toBe(1);
    expect(text.stdout).toMatch(new RegExp(`^${TO_BANK} +bank-2 +receiver +- +lacks key-1 +- +never +- +never$`, 'm'));
    expect(text.stdout).toMatch(/^not well:\n {2}bank-2, channel:pay:web-to-bank +never reported/m);
    expect(text.stderr).toContain('plexctl: not all is well\n  findings: 2\n  about: bank-2, bank-1\n');
    const json = await plexctl({ reply }, 'channel verify --slug pay --output json');
    expect(JSON.parse(json.stdout)).toMatchObject({
      well: false,
      findings: [
        { what: 'never_reported', member: 'bank-2', scope: TO_BANK },
        { what: 'refusals', member: 'bank-1', scope: TO_BANK },
      ],
    });
    expect(json.exitCode).toBe(1);
  });

  it('shows what a sink cannot say as unknown, and is well', async () => {
    const members = [sender({ sink: true, last_signed: 'unknown' }), receiver()];
    const reply = channel(ring(TO_WEB), ring(TO_BANK, { members }));
    const { exitCode, stdout } = await plexctl({ reply }, 'channel verify --slug pay');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/web-1 \(sink\) +sender +key-1 +all +unknown +- /);
    expect(stdout).toContain('unknown: a sink writes for somebody else');
  });
});

it('token create takes a channel as a scope', async () => {
  const reply = {
    id: BANK_ID,
    name: 'carol',
    role: 'operator',
    scopes: ['channel:pay'],
    expires_at: NOW,
    bus_jwt: 'a.b.c',
  };
  const args = `token create --name carol --role operator --scope channel:pay --scope ${TO_BANK} --out ${join(desk.folder, 'carol.token')}`;
  const { exitCode, requests } = await plexctl({ reply }, args);
  expect(exitCode).toBe(0);
  expect(requests[0]?.body).toMatchObject({ scopes: ['channel:pay', TO_BANK] });
});
