import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { FakeBus, type Reaction } from '../testing/fake-bus';
import { Desk, OPERATOR, type Outcome } from '../testing/surroundings';

const desk = new Desk();
afterAll(() => desk.remove());

/** Runs one command against a bus that reacts in one way. */
async function plexctl(reaction: Reaction, args: string[], input = ''): Promise<Outcome & { bus: FakeBus }> {
  const bus = new FakeBus(() => reaction);
  try {
    return { ...(await desk.plexctl(await bus.start(), args, { input })), bus };
  } finally {
    await bus.stop();
  }
}

const ROTATE = ['signing', 'rotate', '--scope', 'platform', '--new-key-id', 'k2'];
const CLOSE = ['signing', 'close', '--scope', 'platform', '--old', 'k1', '--new', 'k2'];
const JWKS = ['signing', 'jwks', '--scope', 'platform'];
const TRANSITION = {
  epoch: 2,
  closes_at: '2026-05-02T10:00:00Z',
  opened_at: '2026-05-01T12:00:00+02:00',
  new_key_id: 'k2',
  old_key_id: 'k1',
  scope: 'platform',
  lapsed: ['signer-2'],
  confirmed: [],
  nodes: 3,
};
const CLOSED = {
  ...{ scope: 'platform', old_key_id: 'k1', new_key_id: 'k2', closes_at: '2026-05-02T10:00:00Z' },
  ...{ closed_at: '2026-05-02T09:00:00Z', epoch: 3, early_by_seconds: 3_600, confirmed: [], lapsed: [] },
  ...{ lagging: ['edge-1'], pending: ['edge-2'] },
};

describe('signing rotate', () => {
  it('asks below the operator with a request id, and shows the transition', async () => {
    const { exitCode, stdout, stderr, bus } = await plexctl({ reply: TRANSITION }, [...ROTATE, '--reason', 'planned']);
    expect(exitCode).toBe(0);
    expect(bus.requests).toEqual([
      {
        subject: `cmd.${OPERATOR}.signing.rotate`,
        body: {
          scope: 'platform',
          new_key_id: 'k2',
          reason: 'planned',
          request_id: expect.stringMatching(/^[\da-f-]{36}$/),
        },
      },
    ]);
    const [head, row, ...rest] = stdout.split('\n').map((line) => line.split(/ +/));
    expect(head).toEqual(['SCOPE', 'OLD_KEY_ID', 'NEW_KEY_ID', 'OPENED_AT', 'CLOSES_AT']);
    expect(row).toEqual(['platform', 'k1', 'k2', '2026-05-01T10:00:00.000Z', '2026-05-02T10:00:00Z']);
    expect(rest).toEqual([['']]);
    expect(stderr).toMatch(/^note: .*signer-2\n$/);
  });

  it('has the members of the table first in JSON', async () => {
    const { stdout } = await plexctl({ reply: TRANSITION }, [...ROTATE, '--output', 'json']);
    const first = ['scope', 'old_key_id', 'new_key_id', 'opened_at', 'closes_at'];
    expect(Object.keys(JSON.parse(stdout) as object)).toEqual([...first, 'epoch', 'lapsed', 'confirmed', 'nodes']);
  });
});

describe('P-3: no signer, because no clock is right', () => {
  const problem = {
    code: 'UNAVAILABLE',
    detail: 'signing: no signer available',
    clocks: [
      { holder: 'signer-1', off_by_seconds: 400 },
      { holder: 'signer-2', off_by_seconds: -7_200 },
    ],
  };

  it('names the clocks in words, and what to do', async () => {
    const { exitCode, stderr } = await plexctl({ problem }, ROTATE);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('plexctl: signing: no signer available');
    expect(stderr).toContain('clocks: signer-1 is 6m40s ahead, signer-2 is 2h behind');
    expect(stderr).toContain('hint: set the clocks of these machines');
  });
});

describe('signing close', () => {
  it('echoes the triple, and says on stderr how early it is and who is missing', async () => {
    const { exitCode, stdout, stderr, bus } = await plexctl({ reply: CLOSED }, CLOSE);
    expect(exitCode).toBe(0);
    expect(stdout.split('\n')[0]?.split(/ +/)).toEqual(['SCOPE', 'OLD_KEY_ID', 'NEW_KEY_ID']);
    expect(stderr.split('\n').map((line) => line.replace(/^note: /, ''))).toEqual([
      'closed 1h before closes_at',
      expect.stringContaining('edge-1'),
      expect.stringContaining('edge-2'),
      '',
    ]);
    expect(bus.requests[0]?.body).not.toHaveProperty('force');
  });

  it('insists only when told to', async () => {
    const { bus, stdout } = await plexctl({ reply: CLOSED }, [...CLOSE, '--force', '--output', 'yaml']);
    expect(bus.requests[0]?.body).toMatchObject({ force: true });
    expect(
      stdout
        .split('\n')
        .slice(0, 4)
        .map((line) => line.split(':')[0]),
    ).toEqual(['scope', 'old_key_id', 'new_key_id', 'closes_at']);
  });
});

describe('node add', () => {
  const reply = { node_id: OPERATOR, scope: 'platform', name: 'edge-1', bus_jwt: 'a.b.c', bundle: 'd.e.f' };
  const add = (out: string) => ['node', 'add', '--scope', 'platform', '--name', 'edge-1', '--out', out];

  it('sends the public half alone, and writes the file for its owner alone', async () => {
    const out = join(desk.folder, 'edge-1.json');
    const { exitCode, stdout, stderr, bus } = await plexctl({ reply }, add(out));
    expect(exitCode).toBe(0);
    expect(statSync(out).mode & 0o777).toBe(0o600);
    const { bus_credential: credential, ...rest } = JSON.parse(readFileSync(out, 'utf8')) as Record<string, string>;
    expect(rest).toEqual({
      ...{ node_id: OPERATOR, scope: 'platform', name: 'edge-1', bundle: 'd.e.f' },
      servers: [expect.any(String)],
    });
    const seed = /^SU.*$/m.exec(credential ?? '')?.[0] ?? 'no seed';
    expect(bus.requests[0]?.body['bus_public_key']).toMatch(/^U/);
    expect(JSON.stringify(bus.requests) + stdout + stderr).not.toContain(seed);
  });

  it('does not ask where the file exists or cannot be written', async () => {
    const there = desk.file('there.json', 'precious');
    for (const out of [there, join(desk.folder, 'no-folder', 'x.json')]) {
      const { exitCode, bus } = await plexctl({ reply }, add(out));
      expect(exitCode).toBe(2);
      expect(bus.connections).toBe(0);
    }
    expect(readFileSync(there, 'utf8')).toBe('precious');
  });

  it('leaves nothing behind where it is refused', async () => {
    const problem = { code: 'ALREADY_EXISTS', detail: 'signing: node exists' };
    const out = join(desk.folder, 'refused.json');
    expect((await plexctl({ problem }, add(out))).exitCode).toBe(1);
    expect(readdirSync(desk.folder).filter((name) => name.includes('refused'))).toEqual([]);
  });

  it('names the Node, and keeps its file, where the place was taken meanwhile', async () => {
    const out = join(desk.folder, 'raced.json');
    const bus = new FakeBus(() => {
      desk.file('raced.json', 'of somebody else');
      return { reply };
    });
    const { exitCode, stderr } = await desk.plexctl(await bus.start(), add(out));
    await bus.stop();
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`node_id: ${OPERATOR}`);
    const kept = /is in (\S+):/.exec(stderr)?.[1] ?? '';
    expect(existsSync(kept) && JSON.parse(readFileSync(kept, 'utf8'))).toMatchObject({ node_id: OPERATOR });
    expect(readFileSync(out, 'utf8')).toBe('of somebody else');
  });
});

describe('the other commands', () => {
  it('show the JWKS as it is', async () => {
    const reply = {
      keys: [
        { kid: 'k2', alg: 'EdDSA' },
        { kid: 'k1', alg: 'EdDSA' },
      ],
    };
    expect((await plexctl({ reply }, JWKS)).stdout).toBe('KID  ALG\nk2   EdDSA\nk1   EdDSA\n');
    expect(JSON.parse((await plexctl({ reply }, [...JWKS, '--output', 'json'])).stdout)).toEqual(reply);
  });

  it('sign what comes on standard input, and show the JWS alone', async () => {
    const reply = { jws: 'a.b.c', key_id: 'k2', epoch: 2 };
    const { stdout, bus } = await plexctl({ reply }, ['signing', 'sign', '--scope', 'platform'], '{"a":1}');
    expect(stdout).toBe('a.b.c\n');
    expect(bus.requests[0]?.body).toEqual({ scope: 'platform', payload: { a: 1 } });
  });

  it('exit 1 for what does not verify', async () => {
    const verify = ['signing', 'verify', '--scope', 'platform'];
    expect((await plexctl({ reply: { valid: true, key_id: 'k2' } }, verify, 'a.b.c\n')).exitCode).toBe(0);
    expect((await plexctl({ reply: { valid: false } }, verify, 'a.b.c\n')).exitCode).toBe(1);
    const token = ['signing', 'verify', '--scope', 'issuer:web'];
    expect((await plexctl({ reply: { valid: false } }, token, 'a.b.c\n')).stderr).toMatch(/; is its exp over\?$/m);
  });

  it('S10: refuse here what the bus would end the connection for', async () => {
    const file = desk.file('large.json', JSON.stringify({ x: 'x'.repeat(300_000) }));
    const { exitCode, stderr, bus } = await plexctl({ reply: {} }, [
      'signing',
      'sign',
      '--scope',
      'platform',
      '--payload-file',
      file,
    ]);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^plexctl: signing: request too large$/m);
    expect(bus.connections).toBe(0);
  });

  it('publish a payload as it is written', async () => {
    const publish = ['events', 'publish', '--scope', 'platform', '--event-type', 'policy_updated'];
    const reply = { event_id: 'e', nodes: 2 };
    const { bus } = await plexctl({ reply }, publish, '{"n": 1.0, "big": 12345678901234567890}\n');
    expect(bus.requests[0]?.body['payload']).toBe('{"n": 1.0, "big": 12345678901234567890}');
    expect((await plexctl({ reply }, publish)).bus.requests[0]?.body).not.toHaveProperty('payload');
  });
});

describe('an answer that is no', () => {
  it.each([
    ['INVALID_ARGUMENT', 2],
    ['FAILED_PRECONDITION', 1],
    ['ABORTED', 1],
    ['UNAVAILABLE', 1],
    ['UNAUTHENTICATED', 77],
    ['PERMISSION_DENIED', 77],
    ['NO_SUCH_CODE', 1],
  ])('%s exits %d', async (code, exitCode) => {
    const outcome = await plexctl({ problem: { code, detail: 'signing: of some kind', field: 'new_key_id' } }, ROTATE);
    expect(outcome).toMatchObject({ exitCode, stdout: '' });
    expect(outcome.stderr).toMatch(/^plexctl: signing: of some kind\n {2}field: new_key_id\n/);
    expect(outcome.bus.requests).toHaveLength(1);
  });

  it('is an internal error where it cannot be read', async () => {
    expect(await plexctl({ text: 'not JSON' }, JWKS)).toMatchObject({ exitCode: 1, stdout: '' });
  });

  it('of the bus itself exits 77', async () => {
    expect((await plexctl('forbid', JWKS)).exitCode).toBe(77);
    const bus = new FakeBus(() => 'silence', false);
    expect((await desk.plexctl(await bus.start(), JWKS)).exitCode).toBe(77);
    await bus.stop();
  });
});

describe('a command line that is wrong', () => {
  it.each([
    ['a missing flag', ['signing', 'rotate', '--scope', 'platform'], 'new_key_id'],
    ['a malformed scope', ['signing', 'rotate', '--scope', 'domain:X', '--new-key-id', 'k'], 'scope'],
    ['a malformed key id', ['signing', 'close', '--scope', 'platform', '--old', '.k', '--new', 'k'], 'old_key_id'],
    ['a malformed output', [...JWKS, '--output', 'xml'], 'output'],
    ['a reserved event', ['events', 'publish', '--scope', 'platform', '--event-type', 'resync'], 'event_type'],
    ['no receiver', ['events', 'publish', '--event-type', 'x'], 'scope'],
    [
      'two receivers',
      ['events', 'publish', '--scope', 'platform', '--node-id', OPERATOR, '--event-type', 'x'],
      'scope',
    ],
    ['a UUID in upper case', ['domain', 'create', '--id', OPERATOR.toUpperCase(), '--key-id', 'k'], 'id'],
    ['an unknown command', ['signing', 'rotat'], 'command'],
    ['a payload that is not JSON', ['signing', 'sign', '--scope', 'platform'], 'payload_file'],
    ['an endpoint in the clear', [...JWKS, '--signer-endpoint', '192.0.2.1:4222'], 'signer_endpoint'],
    ['no database', ['migrate'], 'database_url'],
  ])('for %s exits 2, names it, and dials nobody', async (_, args, field) => {
    const { exitCode, stdout, stderr, bus } = await plexctl('silence', args, 'not JSON');
    expect({ exitCode, stdout, connections: bus.connections }).toEqual({ exitCode: 2, stdout: '', connections: 0 });
    expect(stderr).toContain(`\n  field: ${field}\n`);
  });
});
