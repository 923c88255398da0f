import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { FakeBus, type Reaction } from '../testing/fake-bus';
import { Desk, OPERATOR, type Outcome } from '../testing/surroundings';
import { readTokenFile } from './token-file';

const desk = new Desk();
afterAll(() => desk.remove());

async function plexctl(reaction: Reaction, args: string[]): Promise<Outcome & { bus: FakeBus }> {
  const bus = new FakeBus(() => reaction);
  try {
    return { ...(await desk.plexctl(await bus.start(), args)), bus };
  } finally {
    await bus.stop();
  }
}

const AT = '2026-05-01T10:00:00Z';
const REQUEST_ID = expect.stringMatching(/^[\da-f-]{36}$/) as string;
const cells = (stdout: string): string[][] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ {2,}/));

describe('token create', () => {
  const reply = { id: OPERATOR, name: 'alice', role: 'operator', scopes: null, expires_at: AT, bus_jwt: 'a.b.c' };
  const create = (out: string, ...more: string[]) => [
    ...['token', 'create', '--name', 'alice', '--role', 'operator', '--out', out, ...more],
  ];

  it('sends a public key and a hash, and writes the file that plexctl itself reads', async () => {
    const out = join(desk.folder, 'alice.token');
    const { exitCode, stdout, stderr, bus } = await plexctl({ reply }, create(out, '--expires-in', '24h'));
    expect(exitCode).toBe(0);
    expect(statSync(out).mode & 0o777).toBe(0o600);
    expect(readTokenFile(out).operator).toBe(OPERATOR);
    const file = JSON.parse(readFileSync(out, 'utf8')) as { bearer: string; bus_credential: string };
    expect(Object.keys(file)).toEqual(['operator', 'bus_credential', 'bearer']);
    expect(bus.requests[0]?.body).toEqual({
      ...{ name: 'alice', role: 'operator', expires_in_seconds: 86_400, request_id: REQUEST_ID },
      bus_public_key: expect.stringMatching(/^U[A-Z2-7]{55}$/),
      bearer_hash: createHash('sha256').update(file.bearer).digest('hex'),
    });
    const seed = /^SU.*$/m.exec(file.bus_credential)?.[0] ?? 'no seed';
    const said = JSON.stringify(bus.requests) + stdout + stderr;
    for (const secret of [seed, file.bearer, 'a.b.c']) expect(said).not.toContain(secret);
    expect(cells(stdout)[1]).toEqual([OPERATOR, 'alice', 'operator', 'all', AT, out]);
  });

  it('restricts to each scope that is given', async () => {
    const scopes = ['--scope', 'platform', '--scope', 'issuer:main', '--scope=platform'];
    const { bus } = await plexctl({ reply }, create(join(desk.folder, 'scoped.token'), ...scopes));
    expect(bus.requests[0]?.body['scopes']).toEqual(['platform', 'issuer:main']);
    expect(bus.requests[0]?.body).not.toHaveProperty('expires_in_seconds');
  });

  it('asks nobody where the file exists, and leaves nothing behind where it is refused', async () => {
    const there = desk.file('there.token', 'precious');
    const outcome = await plexctl({ reply }, create(there));
    expect(outcome).toMatchObject({ exitCode: 2, stdout: '' });
    expect(outcome.bus.connections).toBe(0);
    const problem = { code: 'ALREADY_EXISTS', detail: 'signing: token exists' };
    expect((await plexctl({ problem }, create(join(desk.folder, 'refused.token')))).exitCode).toBe(1);
    expect(readdirSync(desk.folder).filter((name) => name.includes('refused'))).toEqual([]);
  });
});

describe('tokens', () => {
  it('are listed with their state', async () => {
    const token = { id: OPERATOR, name: 'bob', role: 'viewer', state: 'expired', created_at: AT, expires_at: AT };
    const reply = { tokens: [{ ...token, scopes: ['platform', 'issuer:main'], last_used_at: null }] };
    const { stdout } = await plexctl({ reply }, ['token', 'list']);
    expect(cells(stdout)[1]).toEqual([OPERATOR, 'bob', 'viewer', 'platform,issuer:main', 'expired', AT, AT, '-']);
  });

  it('are revoked by id', async () => {
    const reply = { id: OPERATOR, name: 'bob', revoked_at: AT, pushed: true };
    const { stdout, stderr, bus } = await plexctl({ reply }, ['token', 'revoke', '--id', OPERATOR]);
    expect(bus.requests[0]?.body).toEqual({ id: OPERATOR, request_id: REQUEST_ID });
    expect(cells(stdout)[1]).toEqual([OPERATOR, 'bob', AT]);
    expect(stderr).toBe('');
  });

  it('S3: are revoked though the bus is not told yet, which is said', async () => {
    const reply = { id: OPERATOR, name: 'bob', revoked_at: AT, pushed: false };
    const { exitCode, stderr } = await plexctl({ reply }, ['token', 'revoke', '--id', OPERATOR]);
    expect([exitCode, stderr]).toEqual([0, expect.stringMatching(/^note: the bus does not refuse its credential yet/)]);
  });
});

describe('Nodes', () => {
  const node = {
    node_id: OPERATOR,
    scope: 'platform',
    name: 'edge-1',
    listens: 'bus',
    progress: 'lagging',
    online: false,
  };
  const byName = ['--scope', 'platform', '--name', 'edge-1'];

  it('are listed with how far they have come', async () => {
    const reply = { nodes: [{ ...node, last_seen_at: null, last_seen_seconds: null }] };
    const { stdout, bus } = await plexctl({ reply }, ['node', 'list']);
    expect(bus.requests[0]?.body).toEqual({});
    expect(cells(stdout)[1]).toEqual([OPERATOR, 'platform', 'edge-1', 'bus', 'lagging', 'no', '-', '-']);
  });

  it('are shown by id, or by scope and name', async () => {
    const backlog = { rows: 2, unsent: 1, sent: 1, oldest_seconds: 60 };
    const progress = { told_epoch: 2, applied_epoch: 1, applied_position: 7, connections: 1, backlog };
    const seen = { last_seen_at: AT, last_seen_seconds: 300 };
    const reply = { ...node, ...seen, state: 'enrolled', added_at: AT, ...progress };
    const { stdout, bus } = await plexctl({ reply }, ['node', 'show', ...byName]);
    expect(bus.requests[0]?.body).toEqual({ scope: 'platform', name: 'edge-1' });
    expect(stdout).toMatch(/^state +enrolled, lagging, offline$/m);
    expect(stdout).toMatch(/^backlog +2 rows: 1 unsent, 1 sent and not applied; the oldest 1m old$/m);
    expect(stdout).not.toContain('undefined');
    expect(stdout).toMatch(/^listens +on the bus$/m);
    const byId = await plexctl({ reply }, ['node', 'show', '--node-id', OPERATOR]);
    expect(byId.bus.requests[0]?.body).toEqual({ node_id: OPERATOR });
  });

  it('that wait for a state are said to, in both', async () => {
    const waiting = { ...node, listens: 'go', waits_since: AT, last_seen_at: AT, last_seen_seconds: 300 };
    const listed = await plexctl({ reply: { nodes: [waiting] } }, ['node', 'list']);
    expect(cells(listed.stdout)[1]).toEqual([OPERATOR, 'platform', 'edge-1', 'go', 'lagging, waits', 'no', AT, '5m']);
    const backlog = { rows: 0, unsent: 0, sent: 0, oldest_seconds: null };
    const wireguard_key = { public_key: 'a2V5', since: AT, wanted_at: AT };
    const progress = { told_epoch: 2, applied_epoch: 1, applied_position: 7, connections: 1, backlog };
    const reply = { ...waiting, state: 'enrolled', added_at: AT, mesh_ip: '100.64.0.1', wireguard_key, ...progress };
    const { stdout } = await plexctl({ reply }, ['node', 'show', ...byName]);
    expect(stdout).toMatch(new RegExp(`^stream +waits for a state, since ${AT}$`, 'm'));
    expect(stdout).toMatch(new RegExp(`^wireguard_key +a2V5, since ${AT}; another one is asked for, from ${AT}$`, 'm'));
  });

  it('are removed by id, or by scope and name', async () => {
    const reply = { node_id: OPERATOR, scope: 'platform', name: 'edge-1', removed_at: AT, pushed: true };
    const { stdout, bus } = await plexctl({ reply }, ['node', 'remove', ...byName]);
    expect(bus.requests[0]?.body).toEqual({ scope: 'platform', name: 'edge-1', request_id: REQUEST_ID });
    expect(cells(stdout)[1]).toEqual([OPERATOR, 'platform', 'edge-1', AT]);
  });

  it.each([
    ['neither', []],
    ['a scope alone', ['--scope', 'platform']],
    ['a name alone', ['--name', 'edge-1']],
    ['both', [...byName, '--node-id', OPERATOR]],
  ])('are not guessed: %s', async (_, args) => {
    const { exitCode, bus } = await plexctl('silence', ['node', 'remove', ...args]);
    expect({ exitCode, connections: bus.connections }).toEqual({ exitCode: 2, connections: 0 });
  });
});

describe('rings, Domains, rotations', () => {
  const transition = {
    ...{ id: OPERATOR, scope: 'platform', old_key_id: 'k1', new_key_id: 'k2', opened_at: AT, closes_at: AT },
    ...{
      outcome: 'closed',
      ended_at: AT,
      reason: null,
      opened_by: 'alice',
      ended_by: 'bob',
      end_reason: 'suspect',
      forced: ['signing.close'],
    },
  };

  it('are listed', async () => {
    const rings = { rings: [{ scope: 'platform', epoch: 3, active_key_id: 'k2', open: true, nodes: 4 }] };
    expect(cells((await plexctl({ reply: rings }, ['signing', 'list'])).stdout)[1]).toEqual([
      ...['platform', '3', 'k2', 'open', '4'],
    ]);
    const domain = { id: OPERATOR, scope: `domain:${OPERATOR}`, active_key_id: 'k1', open: false, nodes: 0 };
    const domains = { domains: [{ ...domain, created_at: AT }] };
    expect(cells((await plexctl({ reply: domains }, ['domain', 'list'])).stdout)[1]).toEqual([
      ...[OPERATOR, 'k1', 'none', '0', AT],
    ]);
  });

  it('have a history', async () => {
    const args = ['signing', 'history', '--scope', 'platform', '--limit', '3'];
    const { stdout, bus } = await plexctl({ reply: { transitions: [transition], dropped: [] } }, args);
    expect(bus.requests[0]?.body).toEqual({ scope: 'platform', limit: 3 });
    expect(cells(stdout)[1]).toEqual([
      OPERATOR,
      'k1',
      'k2',
      AT,
      'alice',
      'closed',
      AT,
      'bob',
      'signing.close',
      '-',
      'suspect',
    ]);
  });

  it('are shown with their audit log', async () => {
    const audit = [{ happened_at: AT, actor: 'alice', action: 'signing.rotate', detail: { forced: false } }];
    const reply = { ...transition, switched_at: AT, end_switched_at: null, old_key_destroyed_at: null, audit };
    const { stdout } = await plexctl({ reply }, ['signing', 'show', '--id', OPERATOR]);
    expect(stdout).toMatch(/^outcome +closed$/m);
    expect(stdout).toMatch(/^end_switched_at +-$/m);
    expect(stdout).toMatch(/^forced +signing\.close$/m);
    expect(stdout).toMatch(/alice +signing\.rotate +\{"forced":false\}\n$/);
  });
});

describe('an unknown outcome', () => {
  /** One that gives up soon. */
  const clientOf = async (bus: FakeBus) => {
    const { BusClient } = await import('./bus-client');
    const { Terminal } = await import('./terminal');
    const { Sink } = await import('../testing/surroundings');
    const { parseEndpoint } = await import('./endpoint');
    const endpoint = parseEndpoint(await bus.start());
    if (endpoint === undefined) throw new Error('no endpoint');
    const terminal = new Terminal(new Sink(), new Sink());
    const patience = { overallMs: 200, repeatMs: [100], nobodyMs: 50, quietMs: 50 };
    const surroundings = { terminal, interrupted: () => new AbortController().signal };
    const client = new BusClient({ endpoint, token: readTokenFile(desk.tokenFile) }, surroundings, patience);
    return { client, terminal };
  };

  it('names the command that shows it', async () => {
    const { rotate } = await import('./commands/signing/rotate');
    const { close } = await import('./commands/signing/close');
    const bus = new FakeBus(() => 'silence');
    const { client, terminal } = await clientOf(bus);
    const line = { scope: 'platform', 'new-key-id': 'k2', old: 'k1', new: 'k2' };
    for (const command of [rotate, close]) {
      const run = command.run({ bus: client, terminal, flags: line } as never);
      await expect(run).rejects.toMatchObject({
        exitCode: 1,
        detail: 'outcome unknown',
        members: { request_id: REQUEST_ID },
        hint: expect.stringContaining('plexctl signing status --scope platform'),
      });
    }
    await client.close();
    await bus.stop();
  });

  it('names what one copy was refused for where another was never answered', async () => {
    const bus = new FakeBus((_, count) =>
      count === 1 ? 'silence' : { problem: { code: 'UNAVAILABLE', detail: 'signing: key unavailable' } },
    );
    const { client, terminal } = await clientOf(bus);
    const { rotate } = await import('./commands/signing/rotate');
    const line = { scope: 'platform', 'new-key-id': 'k2' };
    await expect(rotate.run({ bus: client, terminal, flags: line } as never)).rejects.toMatchObject({
      exitCode: 1,
      detail: 'outcome unknown',
      members: { request_id: REQUEST_ID, one_copy_was_refused: 'signing: key unavailable' },
    });
    await client.close();
    await bus.stop();
  });

  it('is told to who presses Ctrl-C, since that takes nothing back', async () => {
    const keyboard = new AbortController();
    const bus = new FakeBus(() => {
      keyboard.abort();
      return 'silence';
    });
    const args = ['signing', 'rotate', '--scope', 'platform', '--new-key-id', 'k2'];
    const { exitCode, stderr } = await desk.plexctl(await bus.start(), args, { interrupted: keyboard.signal });
    await bus.stop();
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^plexctl: outcome unknown\n/);
    expect(stderr).toContain('plexctl signing status --scope platform');
  });
});
