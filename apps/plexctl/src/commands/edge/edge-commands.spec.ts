/** The commands of a host's own Node, before an agent that is played; how the Node itself does it is libs/edge's. */
import type { AgentAsk, AgentDoor, EdgeChanged, EdgeErrorCode, EdgeStatus } from '@plexsphere/edge';
import { problem, type ProblemBody } from '@plexsphere/wire';
import { temporaryFolder } from '@plexsphere/testkit';
import { Desk, type Outcome } from '../../../testing/surroundings';

const desk = new Desk();
afterAll(() => desk.remove());

const folder = temporaryFolder();
const nobody = temporaryFolder();
const NODE_ID = '0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b2';
const STATUS: EdgeStatus = {
  ...{ node_id: NODE_ID, scope: 'platform', name: 'edge-7', status: 'active', connected: true, generation: 3 },
  ...{ public_key: 'UA', key_fingerprint: 'SHA256:x', token_expires: '2026-11-29T12:00:00.000Z' },
  ...{ rotate_after: '2027-02-20T12:00:00.000Z', overdue: false, pending: null, contested_since: null, archive: [] },
};
const CHANGED: EdgeChanged = {
  ...{ node_id: NODE_ID, generation: 4, key_fingerprint: 'SHA256:y', token_expires: '2026-11-29T12:00:00.000Z' },
  ...{ confirmed: true, archived: 'archive/2026-11-22T12:00:00.000Z.key' },
};

let asked: AgentAsk[];
let answer: () => Promise<unknown>;
let door: AgentDoor;
let edgeLib: typeof import('@plexsphere/edge');
beforeAll(async () => (edgeLib = await import('@plexsphere/edge')));
beforeEach(async () => {
  asked = [];
  door = await edgeLib.AgentDoor.open(folder, (ask) => {
    asked.push(ask);
    return answer();
  });
});
afterEach(() => door.close());

const answers = (value: unknown) => (): Promise<unknown> => Promise.resolve(value);
const refuses =
  (code: EdgeErrorCode, about = '', refusal?: ProblemBody) =>
  (): Promise<unknown> =>
    Promise.reject(new edgeLib.EdgeError(code, about, refusal));
const edge = (...args: string[]): Promise<Outcome> =>
  desk.plexctl('', ['edge', ...args, '--state', folder], { env: {} });

describe('edge status', () => {
  it('is what the agent says, a line each, with what the bus and an operator are not needed for', async () => {
    answer = answers(STATUS);
    const { exitCode, stdout, stderr } = await edge('status');
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toBe(
      [
        `node_id          ${NODE_ID}`,
        'scope            platform',
        'name             edge-7',
        'status           connected',
        'key_fingerprint  SHA256:x',
        'generation       3',
        'token_expires    2026-11-29T12:00:00.000Z',
        'rotate_after     2027-02-20T12:00:00.000Z',
        '',
      ].join('\n'),
    );
    expect(asked).toEqual([{ ask: 'status' }]);
  });

  it('is the document itself for a program', async () => {
    answer = answers(STATUS);
    expect(JSON.parse((await edge('status', '--output', 'json')).stdout)).toEqual(STATUS);
  });

  it.each<[string, Partial<EdgeStatus>, string]>([
    ['a stream that is down', { connected: false }, 'status           not connected'],
    ['no agent', { connected: null }, 'status           enrolled; no agent runs here'],
    [
      'a Node that was revoked',
      { status: 'revoked', connected: false },
      'status           revoked: this host comes back',
    ],
    ['a key that somebody changed', { status: 'superseded' }, 'status           superseded: somebody has changed'],
    ['a policy that wants another key', { overdue: true }, 'Z: overdue, plexctl edge keys rotate'],
    ['what waits for its answer', { pending: 'key-change' }, 'pending          a key change: asked for'],
    [
      'a replaced key in use',
      { contested_since: '2026-11-22T12:00:00Z' },
      'contested        since 2026-11-22T12:00:00Z: a key that was replaced',
    ],
    [
      'an archived key',
      { archive: [{ file: 'archive/a.key', generation: 2, delete_at: '2026-11-23T12:00:00Z' }] },
      'archive          archive/a.key, deleted at 2026-11-23T12:00:00Z',
    ],
    [
      'a token without an end',
      { token_expires: null, rotate_after: null },
      'token_expires    never\nrotate_after     -',
    ],
  ])('tells of %s', async (_, special, line) => {
    answer = answers({ ...STATUS, ...special });
    expect((await edge('status')).stdout).toContain(line);
  });
});

describe('a change', () => {
  it.each<[string[], AgentAsk]>([
    [['keys', 'rotate'], { ask: 'rotate', keep_old_ms: 86_400_000 }],
    [['keys', 'rotate', '--keep-old', '7d'], { ask: 'rotate', keep_old_ms: 604_800_000 }],
    [['token', 'refresh'], { ask: 'refresh' }],
  ])('%j is asked of the agent, and what it holds then is shown', async (args, ask) => {
    answer = answers(CHANGED);
    const { exitCode, stdout, stderr } = await edge(...args);
    expect([exitCode, asked]).toEqual([0, [ask]]);
    expect(stdout).toContain('generation       4\nkey_fingerprint  SHA256:y');
    expect(stderr).toBe(
      'note: the old key is kept in archive/2026-11-22T12:00:00.000Z.key for a while: nothing accepts it any more\n',
    );
  });

  it('whose end was not confirmed says so', async () => {
    answer = answers({ ...CHANGED, confirmed: false, archived: null });
    expect((await edge('token', 'refresh')).stderr).toContain('note: what was before ends by itself within a minute');
  });

  it('that the platform refuses is its refusal, with the exit code of every command', async () => {
    const { body } = problem('nodeRevoked', { type: '/problems/node-revoked', status: 403 });
    answer = refuses('refused', body.detail, body);
    const { exitCode, stdout, stderr } = await edge('keys', 'rotate');
    expect([exitCode, stdout]).toEqual([77, '']);
    expect(stderr).toMatch(
      /^plexctl: signing: node revoked\n {2}code: PERMISSION_DENIED\nhint: the host comes back with a new enrolment token/,
    );
  });

  it.each<[EdgeErrorCode, string, string]>([
    ['disk_full', 'ENOSPC', 'plexctl: disk full\n  about: ENOSPC\nhint: the host holds what it held'],
    ['unanswered', 'ECONNREFUSED', 'plexctl: unanswered\n  about: ECONNREFUSED\nhint: nothing is lost'],
    ['not_moved', '', 'plexctl: not moved\nhint: nothing is lost'],
  ])('that fails here says what holds: %s', async (code, about, said) => {
    answer = refuses(code, about);
    const { exitCode, stderr } = await edge('keys', 'rotate');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining(said)]);
  });
});

describe('edge logout', () => {
  it.each([
    [[], false],
    [['--local-only'], true],
  ])('%j', async (args, localOnly) => {
    answer = answers({});
    const { exitCode, stdout, stderr } = await edge('logout', ...args);
    expect([exitCode, asked]).toEqual([0, [{ ask: 'logout', local_only: localOnly }]]);
    expect(stdout).toBe(`logged out: ${folder} holds nothing of this Node any more\n`);
    expect(stderr.includes('plexctl node remove')).toBe(localOnly);
  });
});

describe('where nothing is enrolled', () => {
  it.each([['status'], ['keys', 'rotate'], ['token', 'refresh'], ['logout'], ['run']].map((args) => [args]))(
    '%j says so',
    async (args) => {
      const { exitCode, stdout, stderr } = await desk.plexctl('', ['edge', ...args, '--state', nobody], { env: {} });
      expect([exitCode, stdout]).toEqual([1, '']);
      expect(stderr).toContain('plexctl: not enrolled\n');
      expect(stderr).toContain('hint: plexctl edge enroll makes a Node of this host');
    },
  );
});

describe('edge enroll is refused', () => {
  const GATEWAY = ['--gateway', 'http://127.0.0.1:1'];
  it.each<[string, string[], string, number]>([
    ['without a gateway', ['--name', 'x'], '--gateway is required', 2],
    ['for a gateway in the clear', ['--gateway', 'http://192.0.2.1'], 'gateway is neither loopback nor TLS', 2],
    ['for a name that is none', [...GATEWAY, '--name', 'a b'], 'signing: invariant violation (--name takes', 2],
    [
      'for a Node that is there and another one',
      [...GATEWAY, '--adopt', 'x', '--replace'],
      '--adopt goes on as a Node',
      2,
    ],
    ['for a file that is not there', [...GATEWAY, '--adopt', `${folder}/none`], '--adopt cannot be read: ENOENT', 2],
    [
      'without a token',
      [...GATEWAY, '--name', 'x', '--enroll-token-file', '-'],
      '--enroll-token-file holds no enrolment token',
      2,
    ],
  ])('%s', async (_, args, said, code) => {
    const { exitCode, stdout, stderr } = await desk.plexctl('', ['edge', 'enroll', ...args, '--state', nobody], {
      env: {},
    });
    expect([exitCode, stdout]).toEqual([code, '']);
    expect(stderr).toContain(`plexctl: ${said}`);
  });

  it('by an enrolment token that others can read, which it does not show', async () => {
    const file = desk.file('open.token', 'a-secret-token', 0o644);
    const args = ['edge', 'enroll', ...GATEWAY, '--name', 'x', '--state', nobody, '--enroll-token-file', file];
    const { exitCode, stderr } = await desk.plexctl('', args, { env: {} });
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('--enroll-token-file refused: others can read it')]);
    expect(stderr).not.toContain('a-secret');
  });

  it('by a person who leaves', async () => {
    const args = ['edge', 'enroll', ...GATEWAY, '--name', 'x', '--state', nobody];
    const { exitCode, stderr } = await desk.plexctl('', args, { env: {}, types: [undefined] });
    expect([exitCode, stderr]).toEqual([1, 'Enrolment token: \nplexctl: stopped: nothing was done\n']);
  });
});
