// The commands about fleet runs, against a server that answers as a test says.
import { problem, type ProblemName } from '@plexsphere/wire';
import type { EdgeNode, FleetRun, FleetStep, PlanFleetReply, StepState } from '@plexsphere/wire/commands';
import { FakeBus, type Reaction, type Request } from '../../../testing/fake-bus';
import { Desk, type Given, type Outcome } from '../../../testing/surroundings';

const RUN = '0190a8b8-0000-4000-8000-000000000001';
const AT = '2026-11-22T14:03:11.000Z';

const desk = new Desk();
afterAll(() => desk.remove());

type Answers = (request: Request, count: number) => Reaction | Promise<Reaction>;

async function plexctl(
  answers: Answers,
  args: string,
  given: Given = {},
): Promise<Outcome & { asked: [command: string, body: Record<string, unknown>][] }> {
  const bus = new FakeBus(answers);
  try {
    const outcome = await desk.plexctl(await bus.start(), args.split(' '), given);
    const asked = bus.requests.map(({ subject, body }): [string, Record<string, unknown>] => [
      subject.split('.').slice(2).join('.'),
      body,
    ]);
    return { ...outcome, asked };
  } finally {
    await bus.stop();
  }
}

const run = (over: Partial<FleetRun> = {}): FleetRun => ({
  ...{ run: RUN, state: 'running', mode: 'rolling', batch: 2, on_error: 'continue', stop_after: null },
  ...{
    deadline_seconds: 60,
    targets: [{ all: true }],
    reason: null,
    created_by: 'ana',
    created_at: AT,
    ended_at: null,
  },
  ...{ nodes: 3, waves: 2, wave: 0, rotated: 0, failed: 0, skipped: 0, ...over },
});

const NAMES = ['web-east-1', 'db-mirror-2', 'bastion'];
const step = (node: number, seq: number, state: StepState, over: Partial<FleetStep> = {}): FleetStep => ({
  ...{ node_id: `${node}a3b2f00-0000-4000-8000-000000000000`, scope: 'platform', name: NAMES[node] ?? '' },
  ...{ wave: node < 2 ? 1 : 2, state, reason: null, offline_since: null, changed_at: AT, seq, ...over },
});
const OFFLINE = { reason: 'offline', offline_since: '2026-11-22T14:02:11.700Z' } as const;

/** What came between two looks, one after the other. */
const STORY: { run: FleetRun; steps: FleetStep[]; more: boolean }[] = [
  { run: run(), steps: [], more: false },
  { run: run({ wave: 1 }), steps: [step(0, 1, 'ordered')], more: true },
  { run: run({ wave: 1 }), steps: [step(1, 2, 'ordered')], more: false },
  { run: run({ wave: 1, rotated: 1 }), steps: [step(0, 3, 'rotated')], more: false },
  {
    run: run({ wave: 2, rotated: 1, failed: 1 }),
    steps: [step(1, 4, 'failed', OFFLINE), step(2, 5, 'ordered')],
    more: false,
  },
  { run: run({ state: 'finished', wave: 2, rotated: 2, failed: 1 }), steps: [step(2, 6, 'rotated')], more: false },
];

/** Answers what is asked of it by the sequence, as rotation does. */
function told(story = STORY): Answers {
  let look = 0;
  return ({ subject, body }) => {
    if (!subject.endsWith('.fleet.watch')) return { reply: story[0]?.run };
    const { run: shown, ...news } = story[look++] as (typeof STORY)[0];
    const newer = news.steps.filter(({ seq }) => seq > Number(body['after_seq']));
    return { reply: { ...shown, steps: newer, more: news.more } };
  };
}

const LINES = [
  '[wave 1] starting 2 of 3 nodes',
  '[n-0a3b2f web-east-1] ✔ rotated (old key archived; new token bound)',
  '[n-1a3b2f db-mirror-2] ✖ failed (offline since 14:02:11Z)',
  '[wave 2] starting 1 of 3 nodes',
  '[n-2a3b2f bastion] ✔ rotated (old key archived; new token bound)',
  `[run ${RUN}] finished: 2 rotated, 1 failed of 3 nodes`,
];

describe('edge fleet keys rotate', () => {
  it('begins a run, tells how it goes, each change once, and fails where not all have rotated', async () => {
    const { exitCode, stdout, stderr, asked } = await plexctl(told(), 'edge fleet keys rotate --target all');
    expect(stdout.split('\n').slice(0, -1)).toEqual(LINES);
    expect([exitCode, stderr]).toEqual([
      1,
      `plexctl: not every node has rotated\n  run: ${RUN}\n  state: finished\n  rotated: 2 of 3\n` +
        `hint: plexctl edge fleet show ${RUN} shows which, and why\n`,
    ]);
    expect(asked[0]).toEqual([
      'fleet.rotate',
      {
        ...{ targets: [{ all: true }], mode: 'rolling', batch: 5, on_error: 'continue', deadline_seconds: 60 },
        request_id: expect.any(String),
      },
    ]);
    expect(asked.slice(1).map(([command, body]) => [command, body['after_seq']])).toEqual(
      [0, 0, 1, 2, 3, 5].map((seq) => ['fleet.watch', seq]),
    );
  });

  it('ends well where all have rotated', async () => {
    const done = { run: run({ state: 'finished', wave: 2, rotated: 3 }), steps: [step(2, 6, 'rotated')], more: false };
    const { exitCode, stdout, stderr } = await plexctl(told([STORY[0]!, done]), 'edge fleet keys rotate --target all');
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toContain('finished: 3 rotated of 3 nodes');
    expect(stdout).toMatch(/^\[wave 1\].*\n\[wave 2\]/);
  });

  it('as JSON lines: waves, each change, and the summary', async () => {
    const { stdout } = await plexctl(told(), 'edge fleet keys rotate --target all --output json');
    const documents = stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(documents.map(({ what, wave, state }) => [what, wave, state])).toEqual([
      ['wave', 1, undefined],
      ['step', 1, 'ordered'],
      ['step', 1, 'ordered'],
      ['step', 1, 'rotated'],
      ['step', 1, 'failed'],
      ['wave', 2, undefined],
      ['step', 2, 'ordered'],
      ['step', 2, 'rotated'],
      ['summary', 2, 'finished'],
    ]);
    expect(documents[0]).toEqual({ what: 'wave', run: RUN, wave: 1, nodes: 2, of: 3 });
    expect(documents[4]).toMatchObject({ name: 'db-mirror-2', ...OFFLINE });
  });

  it('has a bar on a terminal, and none elsewhere', async () => {
    const onTerminal = await plexctl(told(), 'edge fleet keys rotate --target all', { isTerminal: true });
    expect(onTerminal.stderr).toContain('[####################----------] 66 %  1 rotated, 1 failed of 3');
    expect(onTerminal.stdout.split('\n').slice(0, -1)).toEqual(LINES);
  });

  it('says how to go on where it has halted', async () => {
    const halted = { ...STORY[4]!, run: run({ state: 'halted', wave: 1, rotated: 1, failed: 1 }) };
    const { exitCode, stdout, stderr } = await plexctl(
      told([...STORY.slice(0, 4), halted]),
      'edge fleet keys rotate --target all --on-error stop-after=0',
    );
    expect(exitCode).toBe(1);
    expect(stdout).toContain('halted: 1 rotated, 1 failed, 1 left of 3 nodes');
    expect(stderr).toContain(`hint: plexctl edge fleet resume ${RUN} goes on with the next wave`);
  });

  it('Ctrl-C ends the watching, not the run', async () => {
    const stop = new AbortController();
    const answers: Answers = (request, count) => {
      if (count === 3) stop.abort();
      return told()(request, count);
    };
    const { exitCode, stderr, asked } = await plexctl(answers, 'edge fleet keys rotate --target all', {
      interrupted: stop.signal,
    });
    expect(exitCode).toBe(1);
    expect(stderr).toContain('plexctl: stopped watching the fleet run\n');
    expect(stderr).toContain(`plexctl edge fleet watch ${RUN} shows how`);
    expect(asked.map(([command]) => command)).not.toContain('fleet.abort');
  });

  it('goes on over what passes, and says it once', async () => {
    const { code, detail } = problem('databaseUnavailable');
    const trouble = { problem: { code, detail } };
    const story = told();
    const { stdout, stderr } = await plexctl(
      (request, count) => (count === 3 || count === 4 ? trouble : story(request, count)),
      'edge fleet keys rotate --target all',
    );
    expect(stdout.split('\n').slice(0, -1)).toEqual(LINES);
    expect(stderr.match(/not up to date: signing: database unavailable/g)).toHaveLength(1);
  });

  it('waits for nothing where nobody wants to', async () => {
    const { exitCode, stdout, stderr, asked } = await plexctl(told(), 'edge fleet keys rotate --target all --no-wait');
    expect(exitCode).toBe(0);
    expect(asked).toHaveLength(1);
    expect(stdout).toMatch(new RegExp(`^RUN +STATE.*\n${RUN} +running +rolling=2 +0/2 +3`));
    expect(stderr).toContain(`note: plexctl edge fleet watch ${RUN}`);
  });

  it('warns of fail-fast', async () => {
    const { stderr, asked } = await plexctl(
      told(),
      'edge fleet keys rotate --target all --on-error fail-fast --no-wait',
    );
    expect(stderr).toContain('note: one Node that is away halts the run');
    expect(asked[0]?.[1]).toMatchObject({ on_error: 'fail-fast' });
  });

  it.each<[string, object]>([
    ['--target tags=AnyOf(a,b)', { targets: [{ any_tags: ['a', 'b'] }] }],
    ['--target tags=AllOf(a,b) --target platform', { targets: [{ all_tags: ['a', 'b'] }, { scope: 'platform' }] }],
    ['--target tags.any=a', { targets: [{ any_tags: ['a'] }] }],
    ['--target tags.all=a,b', { targets: [{ all_tags: ['a', 'b'] }] }],
    [`--target domain:${RUN}`, { targets: [{ scope: `domain:${RUN}` }] }],
    [`--target id=${RUN}`, { targets: [{ ids: [RUN] }] }],
    ['--target all --mode sequential', { mode: 'sequential' }],
    ['--target all --mode rolling=10', { mode: 'rolling', batch: 10 }],
    ['--target all --mode rolling', { mode: 'rolling', batch: 5 }],
    ['--target all --mode parallel', { mode: 'parallel' }],
    ['--target all --on-error stop-after=3', { on_error: 'stop-after', stop_after: 3 }],
    ['--target all --deadline 2m', { deadline_seconds: 120 }],
    ['--target all --reason leaked', { reason: 'leaked' }],
  ])('orders by %s', async (flags, order) => {
    const { asked } = await plexctl(told(), `edge fleet keys rotate --no-wait ${flags}`);
    expect(asked[0]).toMatchObject(['fleet.rotate', order]);
    for (const member of ['batch', 'stop_after'] as const) {
      if ('mode' in order && !(member in order)) expect(asked[0]?.[1]).not.toHaveProperty(member);
    }
  });

  it.each([
    ['', '--target is required'],
    ['--target everybody!', '--target takes all, tags.any=a,b'],
    ['--target tags.any=', '--target takes'],
    ['--target tags.any=a,,b', '--target takes'],
    ['--target issuer:web', '--target takes'],
    ['--target id=a', '--target takes'],
    ['--target prod', 'hint: tags.any=prod'],
    [`--target ${RUN}`, `hint: id=${RUN} names a Node, domain:${RUN} a Domain`],
    ['--target all --mode rolling=0', '--mode takes'],
    ['--target all --mode rolling=1001', '--mode takes'],
    ['--target all --mode parallel=3', '--mode takes'],
    ['--target all --mode waves', '--mode takes'],
    ['--target all --on-error stop-after', '--on-error takes'],
    ['--target all --on-error continue=1', '--on-error takes'],
    ['--target all --deadline 4s', '--deadline takes'],
    ['--target all --deadline 2d', '--deadline takes'],
  ])('refuses %s before it asks', async (flags, words) => {
    const { exitCode, stderr, asked } = await plexctl(told(), `edge fleet keys rotate ${flags}`.trim());
    expect([exitCode, asked]).toEqual([2, []]);
    expect(stderr).toContain(words);
  });

  it('plans: what it would be, who takes no part, and what it has no room for', async () => {
    const plan: PlanFleetReply = {
      ...{ nodes: 47, waves: 10, without_node_key: 2, offline: 1, fits: 40 },
      left_out: [{ node_id: RUN, scope: 'platform', name: 'cam-1', listens: 'go' }],
      first: [{ node_id: RUN, scope: 'platform', name: 'web-east-1' }],
    };
    const { exitCode, stdout, asked } = await plexctl(
      () => ({ reply: plan }),
      'edge fleet keys rotate --target all --plan',
    );
    expect(exitCode).toBe(0);
    expect(asked.map(([command]) => command)).toEqual(['fleet.plan']);
    expect(asked[0]?.[1]).not.toHaveProperty('request_id');
    expect(stdout.split('\n')).toEqual([
      'nodes     47 in 10 waves',
      'these     platform/web-east-1 and 46 more',
      'offline   1: failed, unless they come before their deadline',
      'left out  2 without a Node key: platform/cam-1 (go) and 1 more',
      'room for  40 changes only: the others fail until tokens of old keys have expired',
      '',
    ]);
  });
});

const refusal = (name: ProblemName): Answers => {
  const { code, detail } = problem(name);
  return () => ({ problem: { code, detail } });
};

describe('a run that there is', () => {
  it('is watched from its beginning on', async () => {
    const { exitCode, stdout } = await plexctl(told(), `edge fleet watch ${RUN}`);
    expect(exitCode).toBe(1);
    expect(stdout.split('\n').slice(0, -1)).toEqual(LINES);
  });

  it('is shown with each of its Nodes, page by page', async () => {
    const shown = run({
      on_error: 'stop-after',
      stop_after: 3,
      targets: [{ any_tags: ['a', 'b'] }, { scope: 'platform' }],
    });
    const { stdout, asked } = await plexctl(
      ({ body }) => ({
        reply:
          body['after'] === undefined
            ? { ...shown, steps: [step(0, 3, 'rotated')], next: RUN }
            : { ...shown, steps: [step(1, 4, 'failed', OFFLINE)] },
      }),
      `edge fleet show ${RUN}`,
    );
    expect(asked.map(([, body]) => body)).toEqual([{ run: RUN }, { run: RUN, after: RUN }]);
    expect(stdout).toContain('targets   tags.any=a,b and platform\n');
    expect(stdout).toContain('on error  stop-after=3\n');
    expect(stdout).toMatch(
      /\nWAVE +NODE_ID.*\n1 +0a3b2f00.* rotated .*-\n1 +1a3b2f00.* failed .*offline since 14:02:11Z\n$/,
    );
  });

  it('names the day since when a Node is away, where that is another one', async () => {
    const away = step(1, 4, 'failed', { ...OFFLINE, offline_since: '2026-11-20T09:00:00.000Z' });
    const { stdout } = await plexctl(() => ({ reply: { ...run(), steps: [away] } }), `edge fleet show ${RUN}`);
    expect(stdout).toContain('offline since 2026-11-20T09:00:00Z\n');
  });

  it.each(['resume', 'abort'] as const)('%s asks once', async (verb) => {
    const { exitCode, stdout, asked } = await plexctl(() => ({ reply: run() }), `edge fleet ${verb} ${RUN}`);
    expect([exitCode, asked]).toEqual([0, [[`fleet.${verb}`, { run: RUN, request_id: expect.any(String) }]]]);
    expect(stdout).toContain(RUN);
  });

  it.each<[ProblemName, string]>([
    ['unknownFleetRun', 'plexctl edge fleet list'],
    ['fleetRunOver', 'plexctl edge fleet keys rotate'],
    ['fleetRunUnderWay', 'it goes on by itself'],
  ])('leads on: %s', async (name, hint) => {
    const { exitCode, stderr } = await plexctl(refusal(name), `edge fleet resume ${RUN}`);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`hint: ${hint}`);
  });

  it('is listed, the newest first, as many as are wanted', async () => {
    const page = (from: number): FleetRun[] => Array.from({ length: 20 }, (_, n) => run({ nodes: from + n + 1 }));
    const answers: Answers = ({ body }) => ({
      reply: body['after'] === undefined ? { runs: page(0), next: RUN } : { runs: page(20) },
    });
    const usual = await plexctl(answers, 'edge fleet list');
    expect([usual.asked.length, usual.stdout.split('\n').length]).toEqual([1, 22]);
    expect(usual.stderr).toContain('note: there are more');
    const all = await plexctl(answers, 'edge fleet list --limit 100');
    expect([all.asked.length, all.stdout.split('\n').length, all.stderr]).toEqual([2, 42, '']);
  });
});

describe('edge list', () => {
  const node = (over: Partial<EdgeNode>): EdgeNode => ({
    ...{ node_id: RUN, scope: 'platform', name: 'web-east-1', tags: ['prod', 'web'], generation: 3 },
    ...{ key_fingerprint: 'SHA256:Lc8j', token_expires_at: AT, rotate_after: AT, overdue: false },
    ...{ contested_since: null, online: true, last_seen_at: AT, ...over },
  });

  it('shows every page, and what is to be looked at', async () => {
    const none = { generation: null, token_expires_at: null, rotate_after: null, tags: [], online: false };
    const pages = [
      { nodes: [node({}), node({ overdue: true })], next: RUN },
      { nodes: [node({ contested_since: AT }), node(none)] },
    ];
    const { stdout, asked } = await plexctl(
      (_, count) => ({ reply: pages[count - 1] }),
      'edge list --target tags.all=prod,web --scope platform',
    );
    expect(asked.map(([, body]) => body)).toEqual([
      { targets: [{ all_tags: ['prod', 'web'] }], scope: 'platform' },
      { targets: [{ all_tags: ['prod', 'web'] }], scope: 'platform', after: RUN },
    ]);
    const rows = stdout.split('\n').map((line) => line.split(/ {2,}/).slice(3));
    expect(rows.slice(1, 5)).toEqual([
      ['prod,web', '3', 'SHA256:Lc8j', AT, 'good', 'yes'],
      ['prod,web', '3', 'SHA256:Lc8j', AT, 'overdue', 'yes'],
      ['prod,web', '3', 'SHA256:Lc8j', AT, `contested since ${AT}`, 'yes'],
      ['-', '-', 'SHA256:Lc8j', '-', '-', 'no'],
    ]);
  });

  it('asks for all where nothing is named', async () => {
    const { asked } = await plexctl(() => ({ reply: { nodes: [] } }), 'edge list');
    expect(asked).toEqual([['edge.list', {}]]);
  });
});

describe('node tag', () => {
  const reply = { node_id: RUN, scope: 'platform', name: 'edge-7', tags: ['eu', 'prod'] };

  it('adds and takes away', async () => {
    const { exitCode, stdout, asked } = await plexctl(
      () => ({ reply }),
      'node tag --scope platform --name edge-7 --add prod --add eu --remove us',
    );
    expect(exitCode).toBe(0);
    expect(asked).toEqual([
      [
        'node.tag',
        { scope: 'platform', name: 'edge-7', add: ['prod', 'eu'], remove: ['us'], request_id: expect.any(String) },
      ],
    ]);
    expect(stdout).toContain('eu,prod');
  });

  it.each([
    [`--node-id ${RUN}`, '--add or --remove is required'],
    ['--add prod', 'either --node-id, or --scope and --name, is required'],
    [`--node-id ${RUN} --add a,b`, '--add takes'],
  ])('refuses %s before it asks', async (flags, words) => {
    const { exitCode, stderr, asked } = await plexctl(() => ({ reply }), `node tag ${flags}`);
    expect([exitCode, asked]).toEqual([2, []]);
    expect(stderr).toContain(words);
  });
});
