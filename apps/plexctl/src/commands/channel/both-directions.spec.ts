// `channel:<slug>` on a command line, against a server that answers as a test says.
import { uuidOf } from '@plexsphere/wire';
import type { PlanChangeReply, RollbackReply, ShowChannelReply } from '@plexsphere/wire/commands';
import { channel, commandOf, opened, refusal, ring, rotating, TO_BANK, TO_WEB, WEB_ID } from '../../../testing/channel';
import { FakeBus, type Reaction, type Request } from '../../../testing/fake-bus';
import { NOW, scopeStatus, statusReply } from '../../../testing/status';
import { Desk, type Given, type Outcome } from '../../../testing/surroundings';

const desk = new Desk();
afterAll(() => desk.remove());

type Body = { scope: string; [member: string]: unknown };
type Answers = Record<string, (body: Body) => Reaction>;

/** What was asked, without the look at the channel. */
interface Heard extends Outcome {
  asked: [command: string, body: Body][];
}

async function plexctl(args: string, answers: Answers, show = channel(), given: Given = {}): Promise<Heard> {
  const shown: Answers = { 'channel.show': () => ({ reply: show }), ...answers };
  const bus = new FakeBus((request) => shown[commandOf(request)]?.(request.body as Body) ?? 'nobody');
  try {
    const outcome = await desk.plexctl(await bus.start(), args.split(' '), given);
    const heard = (request: Request): [string, Body] => [commandOf(request), request.body as Body];
    return { ...outcome, asked: bus.requests.map(heard).filter(([command]) => command !== 'channel.show') };
  } finally {
    await bus.stop();
  }
}

const BOTH = [TO_WEB, TO_BANK];
const scopes = ({ asked }: Heard): unknown[] => asked.map(([, { scope }]) => scope);
const rows = ({ stdout }: Outcome): string[][] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ {2,}/));
/** The first direction alone is refused. */
const refusing =
  (refused: Reaction, done: (scope: string) => unknown) =>
  ({ scope }: Body): Reaction =>
    scope === TO_WEB ? refused : { reply: done(scope) };

describe('signing rotate --scope channel:<slug>', () => {
  const ROTATE = 'signing rotate --scope channel:pay';
  const rotates = { 'signing.rotate': ({ scope }: Body): Reaction => ({ reply: opened(scope) }) };

  it('opens one rotation a direction, under ids made of one, and shows a row each', async () => {
    const heard = await plexctl(`${ROTATE} --reason planned --request-id ${WEB_ID}`, rotates);
    expect(heard.exitCode).toBe(0);
    expect(heard.asked).toEqual(
      BOTH.map((scope) => ['signing.rotate', { scope, reason: 'planned', request_id: uuidOf(WEB_ID, scope) }]),
    );
    expect(rows(heard)[0]).toEqual([
      ...['SCOPE', 'OLD_KEY_ID', 'NEW_KEY_ID', 'OPENED_AT', 'CLOSES_AT', 'PHASE', 'WAITING_FOR'],
    ]);
    expect(rows(heard).slice(1)).toEqual(
      BOTH.map((scope) => [scope, 'key-1', 'key-2', NOW, '2026-05-02T12:00:00Z', 'staged', 'bank-1']),
    );
    expect(heard.stderr).toContain(`note: ${TO_BANK}: nothing has switched yet: key-2 signs by itself once bank-1 has`);
    expect(heard.stderr).toContain('plexctl channel show --slug pay');
  });

  it('draws another id each time', async () => {
    const ids = [await plexctl(ROTATE, rotates), await plexctl(ROTATE, rotates)].flatMap(({ asked }) =>
      asked.map(([, body]) => body['request_id']),
    );
    expect(new Set(ids).size).toBe(4);
  });

  it('is an array as JSON, with what was refused in its place', async () => {
    const answers = { 'signing.rotate': refusing(refusal('noMembers', { role: 'sender' }), (scope) => opened(scope)) };
    const { exitCode, stdout, stderr } = await plexctl(`${ROTATE} --output json`, answers);
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toEqual([
      { scope: TO_WEB, code: 'FAILED_PRECONDITION', detail: 'signing: no members', role: 'sender', exit_code: 1 },
      expect.objectContaining({ scope: TO_BANK, phase: 'staged', waiting_for: ['bank-1'] }),
    ]);
    const said = stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(said).toContainEqual({ scope: TO_BANK, note: expect.stringContaining('nothing has switched yet') });
    expect(said).toContainEqual(
      expect.objectContaining({ scope: TO_WEB, detail: 'signing: no members', exit_code: 1 }),
    );
  });

  it('tries the other direction where one fails, and says how the rest is done', async () => {
    const answers = { 'signing.rotate': refusing(refusal('noMembers'), (scope) => opened(scope)) };
    const heard = await plexctl(ROTATE, answers);
    expect([heard.exitCode, scopes(heard)]).toEqual([1, BOTH]);
    expect(rows(heard)[1]).toEqual([TO_WEB, ...Array.from({ length: 6 }, () => '-')]);
    expect(heard.stderr).toContain(`plexctl: signing: no members\n  scope: ${TO_WEB}\n`);
    const [, id = ''] = /--request-id (\S+) does the rest/.exec(heard.stderr) ?? [];
    const again = await plexctl(`${ROTATE} --request-id ${id}`, rotates);
    expect(again.asked.map(([, body]) => body['request_id'])).toEqual(
      heard.asked.map(([, body]) => body['request_id']),
    );
  });

  it('exits with the worse code', async () => {
    const answers = (scope: string): Answers => ({
      'signing.rotate': (body) => refusal(body.scope === scope ? 'permissionDenied' : 'noMembers'),
    });
    for (const scope of BOTH) {
      const { exitCode, stdout, stderr } = await plexctl(ROTATE, answers(scope));
      expect([exitCode, stdout]).toEqual([77, '']);
      expect(stderr).toMatch(
        /signing: no members[^]*signing: permission denied|signing: permission denied[^]*no members/,
      );
      expect(stderr).not.toContain('does the rest');
    }
  });

  it('repeated, takes the direction that is open already for done, where it is named', async () => {
    const answers = { 'signing.rotate': refusing(refusal('rotationInProgress'), (scope) => opened(scope)) };
    const show = channel(ring(TO_WEB, { ...rotating('staged'), waiting_for: ['web-1'] }), ring(TO_BANK));
    const named = await plexctl(`${ROTATE} --new-key-id key-2`, answers, show);
    expect(named.exitCode).toBe(0);
    expect(named.stderr).toContain(`note: ${TO_WEB}: the rotation to key-2 was open before`);
    expect(rows(named)[1]?.slice(0, 3)).toEqual([TO_WEB, 'key-1', 'key-2']);
    for (const other of [' --new-key-id key-3', '']) {
      const { exitCode, stderr } = await plexctl(`${ROTATE}${other}`, answers, show);
      expect(exitCode).toBe(1);
      expect(stderr).toContain('signing: rotation in progress');
    }
  });

  it('has each direction planned, and exits 1 where one would be refused', async () => {
    const plan = ({ scope }: Body): Reaction => ({
      reply: {
        ...{ scope, old_key_id: 'key-1', new_key_id: 'key-2', closes_at: NOW, nodes: 2, pending_count: 0 },
        ...{ offline_count: 0, signers: ['signer-1'], waiting_for: ['bank-1', 'bank-2'] },
        blocked_by: scope === TO_BANK ? ['signing: no members'] : [],
      },
    });
    const heard = await plexctl(`${ROTATE} --plan`, { 'signing.plan-rotate': plan });
    expect([heard.exitCode, heard.asked]).toEqual([1, BOTH.map((scope) => ['signing.plan-rotate', { scope }])]);
    expect(heard.stdout.match(/^would rotate .*$/gm)).toHaveLength(2);
    expect(heard.stdout).toContain('not before bank-1, bank-2 have proven to hold it');
    expect(heard.stderr).toContain(`plexctl: would be refused\n  scope: ${TO_BANK}\n`);
  });

  it.each([
    ['--force', 'force'],
    ['--new-key-id k --when-applied 90', 'percent'],
  ])('refuses %s: a key of a channel is proven first', async (flags, field) => {
    const { exitCode, stderr, asked } = await plexctl(`${ROTATE} ${flags}`, {});
    expect([exitCode, asked]).toEqual([2, []]);
    expect(stderr).toContain(`\n  field: ${field}\n`);
  });

  describe('--wait', () => {
    const staged = { ...rotating('staged'), waiting_for: ['bank-1'] };
    const waiting = (...polls: [web: object, bank: object][]): Answers => {
      // The first look is for the directions.
      let looks = -1;
      return {
        ...rotates,
        'channel.show': () => {
          const [web, bank] = polls[Math.min(Math.max(looks, 0), polls.length - 1)] ?? [{}, {}];
          looks += 1;
          return { reply: channel(ring(TO_WEB, web), ring(TO_BANK, bank)) };
        },
      };
    };

    it('returns once both keys sign and nobody is waited for', async () => {
      const behind = { ...rotating('active'), waiting_for: ['web-1'] };
      const polls = waiting([staged, staged], [rotating('active'), behind], [rotating('closed'), rotating('active')]);
      const { exitCode, stderr } = await plexctl(`${ROTATE} --wait`, polls);
      expect(exitCode).toBe(0);
      expect(stderr).toContain(`note: ${TO_WEB} is staged, waits for bank-1; ${TO_BANK} is staged, waits for bank-1\n`);
      expect(stderr).toContain(`note: ${TO_BANK} is active, waits for web-1\n`);
    });

    it('says until when it is for those who read what a sink has written', async () => {
      const written = { ...staged, signs_from: '2026-05-01T12:10:00Z' };
      const polls = waiting([rotating('active'), written], [rotating('active'), rotating('active')]);
      const { stderr } = await plexctl(`${ROTATE} --wait`, polls);
      expect(stderr).toContain(`note: ${TO_BANK} is staged, waits for bank-1 until 2026-05-01T12:10:00Z\n`);
    });

    it('goes for one direction as well', async () => {
      const polls = waiting([staged, staged], [staged, rotating('active')]);
      const { exitCode, stderr } = await plexctl(`signing rotate --scope ${TO_BANK} --wait`, polls);
      expect(exitCode).toBe(0);
      expect(stderr).not.toContain(TO_WEB);
    });

    it('ends where somebody rolls it back', async () => {
      const polls = waiting([staged, staged], [staged, rotating('rolled_back')]);
      const { exitCode, stdout, stderr } = await plexctl(`${ROTATE} --wait`, polls);
      expect(exitCode).toBe(1);
      expect(stdout).toContain(TO_BANK);
      expect(stderr).toContain(`plexctl: the rotation ended while members were waited for\n  scope: ${TO_BANK}\n`);
    });

    it('names past the time-out who is missing', async () => {
      const { exitCode, stderr } = await plexctl(
        `${ROTATE} --wait --timeout 1s`,
        waiting([rotating('active'), staged]),
      );
      expect(exitCode).toBe(1);
      expect(stderr).toContain('plexctl: members have not followed in time\n');
      expect(stderr).toContain(`  ${TO_WEB}: done\n  ${TO_BANK}: staged, waits for bank-1\n`);
      expect(stderr).toContain('plexctl channel show --slug pay');
    });

    it('of what could be opened alone, and tells of the rest', async () => {
      const answers = {
        ...waiting([{}, rotating('active')]),
        'signing.rotate': refusing(refusal('noMembers'), (scope) => opened(scope)),
      };
      const { exitCode, stderr } = await plexctl(`${ROTATE} --wait`, answers);
      expect(exitCode).toBe(1);
      expect(stderr).toContain('signing: no members');
      expect(stderr).not.toContain('ended while');
    });
  });
});

describe('signing close --scope channel:<slug>', () => {
  const CLOSE = 'signing close --scope channel:pay --old key-1 --new key-2';
  const closed = (scope: string) => ({
    ...{ scope, old_key_id: 'key-1', new_key_id: 'key-2', closes_at: NOW, closed_at: NOW, epoch: 6 },
    ...{ early_by_seconds: 0, confirmed: [], lapsed: [], lagging: [], pending: [] },
  });
  const closes = { 'signing.close': ({ scope }: Body): Reaction => ({ reply: closed(scope) }) };
  const open = ring(TO_BANK, rotating('active'));

  it('closes both where the keys are the same', async () => {
    const heard = await plexctl(CLOSE, closes, channel(ring(TO_WEB, rotating('active')), open));
    expect([heard.exitCode, scopes(heard)]).toEqual([0, BOTH]);
    expect(rows(heard).slice(1)).toEqual(BOTH.map((scope) => [scope, 'key-1', 'key-2']));
  });

  it.each<[string, object, string]>([
    [
      'of another key',
      { ...rotating('active'), new_key_id: 'key-3' },
      `plexctl signing close --scope ${TO_WEB} --old key-1 --new key-3`,
    ],
    ['that is rolled back', rotating('rolled_back'), 'no rotation is open; key-1 signs'],
    ['that was never opened', {}, 'no rotation is open; key-1 signs'],
  ])('closes none where one direction has a rotation %s, and says what to run', async (_, other, told) => {
    const heard = await plexctl(CLOSE, closes, channel(ring(TO_WEB, other), open));
    expect([heard.exitCode, heard.stdout, heard.asked]).toEqual([1, '', []]);
    expect(heard.stderr).toContain('plexctl: signing: transition mismatch');
    expect(heard.stderr).toContain(`  ${TO_WEB}: ${told}\n`);
    expect(heard.stderr).toContain(`  ${TO_BANK}: plexctl signing close --scope ${TO_BANK} --old key-1 --new key-2\n`);
  });

  it('repeated, closes the one that is left', async () => {
    const show = channel(ring(TO_WEB, rotating('closed')), open);
    const heard = await plexctl(`${CLOSE} --output json`, closes, show);
    expect([heard.exitCode, scopes(heard)]).toEqual([0, [TO_BANK]]);
    expect(JSON.parse(heard.stdout)).toEqual([
      expect.objectContaining({ scope: TO_WEB, new_key_id: 'key-2', already_closed: true }),
      expect.objectContaining({ scope: TO_BANK, closed_at: NOW }),
    ]);
  });

  it('says that there is nothing to close where a key is staged', async () => {
    const other = { ...rotating('staged'), new_key_id: 'key-3' };
    const { stderr } = await plexctl(CLOSE, closes, channel(ring(TO_WEB, other), open));
    expect(stderr).toContain(`  ${TO_WEB}: nobody signs by key-3 yet: there is nothing to close\n`);
  });

  it('says until when members sign by both', async () => {
    const answers = { 'signing.close': () => refusal('oldKeyInUse', { key_id: 'key-1', signs_until: NOW }) };
    const { stderr } = await plexctl(`signing close --scope ${TO_BANK} --old key-1 --new key-2`, answers);
    expect(stderr).toContain(`hint: members sign by both keys until ${NOW}: close then`);
  });

  it('names members that lag, and who uses the old key', async () => {
    const answers: Answers = {
      'signing.close': ({ scope }) =>
        scope === TO_WEB
          ? refusal('nodesLagging', { lagging_count: 2, lagging: ['bank-1', 'bank-2'] })
          : refusal('oldKeyInUse', { key_id: 'key-1', name: 'bank-1', at: NOW }),
    };
    const show = channel(ring(TO_WEB, rotating('active')), open);
    const { exitCode, stderr } = await plexctl(CLOSE, answers, show);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('  lagging: bank-1, bank-2\nhint: these may still need the old key');
    expect(stderr).toContain(`  name: bank-1\n  at: ${NOW}\n`);
    expect(stderr).not.toContain('undefined');
  });
});

describe('signing rollback --scope channel:<slug>', () => {
  const back = (scope: string, waitingFor: string[]): RollbackReply => ({
    ...{ scope, epoch: 5, active_key_id: 'key-1', old_key_id: 'key-1', new_key_id: 'key-2', outcome: 'rolled_back' },
    ...{ settles_at: NOW, waiting_for: waitingFor, confirmed: [], lapsed: [], unready: [], nodes: 2 },
  });
  const ROLLBACK = 'signing rollback --scope channel:pay';

  it('says of each what becomes of its new key', async () => {
    const answers: Answers = {
      'signing.rollback': ({ scope }) => ({ reply: back(scope, scope === TO_WEB ? [] : ['web-1']) }),
    };
    const show = channel(ring(TO_WEB, rotating('staged')), ring(TO_BANK, rotating('active')));
    const { exitCode, stderr } = await plexctl(ROLLBACK, answers, show);
    expect(exitCode).toBe(0);
    expect(stderr).toContain(`note: ${TO_WEB}: key-2 is gone: nobody has signed by it\n`);
    expect(stderr).toContain(`note: ${TO_BANK}: key-2 verifies what it has signed until ${NOW} at the latest`);
  });

  it('repeated, rolls the one back that is left; where none is, the service says so', async () => {
    const answers: Answers = { 'signing.rollback': ({ scope }) => ({ reply: back(scope, []) }) };
    const rolledBack = rotating('rolled_back');
    const one = await plexctl(ROLLBACK, answers, channel(ring(TO_WEB, rolledBack), ring(TO_BANK, rotating('staged'))));
    expect([one.exitCode, scopes(one)]).toEqual([0, [TO_BANK]]);
    expect(one.stderr).toContain(`note: ${TO_WEB}: rolled back before\n`);
    const refused = { 'signing.rollback': () => refusal('noOpenRotation') };
    const none = await plexctl(ROLLBACK, refused, channel(ring(TO_WEB, rolledBack), ring(TO_BANK, rolledBack)));
    expect([none.exitCode, scopes(none)]).toEqual([1, BOTH]);
  });
});

describe('signing revoke --scope channel:<slug>', () => {
  const planned = (scope: string, given: Partial<PlanChangeReply> = {}): PlanChangeReply => ({
    ...{ scope, change: 'revoke', active_key_id: 'key-1', signs_afterwards: 'key-9', makes_key: true, gone: ['key-1'] },
    ...{ transition_expires: null, ends_rotation: false, needs_recovery_key: false, nodes: 2, pending_count: 0 },
    ...{ offline_count: 0, signers: ['signer-1'], signs_again_by: null, known_by: null, dropped_by: null },
    ...{ without_proof: ['bank-1'], done_at: null, blocked_by: [], refused: null },
    ...given,
  });
  const revoked = (scope: string) => ({
    ...{ scope, epoch: 5, active_key_id: 'key-9', revoked_key_id: 'key-1', replaced: true, gone: ['key-1'] },
    ...{ known_by: null, ended_rotation: null, confirmed: [], lapsed: [], unready: [], nodes: 2 },
  });
  const answers = (ofWeb: Partial<PlanChangeReply> = {}): Answers => ({
    'signing.plan-change': ({ scope }) => ({ reply: planned(scope, scope === TO_WEB ? ofWeb : {}) }),
    'signing.revoke': ({ scope }) => ({ reply: revoked(scope) }),
  });
  const REVOKE = 'signing revoke --scope channel:pay --key-id key-1 --reason leaked';
  const commands = ({ asked }: Heard): string[] => asked.map(([command]) => command);

  it('asks once, over both', async () => {
    const heard = await plexctl(REVOKE, answers(), channel(), { types: ['yes'] });
    expect(heard.exitCode).toBe(0);
    expect(heard.stderr.match(/There is no way back/g)).toHaveLength(1);
    expect(heard.stderr).toContain(`Revoke key-1 of ${TO_WEB} and ${TO_BANK}?`);
    expect(heard.stderr).toContain('what key-9 signs is refused by bank-1, until it is held there');
    expect(
      rows(heard)
        .slice(1)
        .map(([scope]) => scope),
    ).toEqual(BOTH);
  });

  it('changes nothing where the answer is no', async () => {
    const heard = await plexctl(REVOKE, answers(), channel(), { types: ['no'] });
    expect([heard.exitCode, heard.stdout]).toEqual([1, '']);
    expect(commands(heard)).toEqual(['signing.plan-change', 'signing.plan-change']);
  });

  it('is done in the direction that has such a key', async () => {
    const heard = await plexctl(`${REVOKE} --yes`, answers({ blocked_by: ['signing: unknown key'] }));
    expect(heard.exitCode).toBe(1);
    expect(heard.asked.filter(([command]) => command === 'signing.revoke').map(([, { scope }]) => scope)).toEqual([
      TO_BANK,
    ]);
    expect(heard.stderr).toContain(`plexctl: signing: unknown key\n  scope: ${TO_WEB}\n`);
  });

  it('repeated, asks of the one that is left alone', async () => {
    const heard = await plexctl(REVOKE, answers({ done_at: NOW }), channel(), { types: ['yes'] });
    expect(heard.exitCode).toBe(0);
    expect(heard.stderr).toContain(`Revoke key-1 of ${TO_BANK}?`);
    expect(heard.stderr).toContain(`note: ${TO_WEB}: key-1 was revoked before`);
  });

  it('takes no recovery key', async () => {
    const { exitCode, stderr, asked } = await plexctl(`${REVOKE} --yes --recovery-key r.json`, {});
    expect([exitCode, asked]).toEqual([2, []]);
    expect(stderr).toContain('--recovery-key is for the platform alone');
  });
});

describe('what is shown of channel:<slug>', () => {
  it('is the history of both, each row with its direction', async () => {
    const transition = {
      ...{ id: WEB_ID, old_key_id: 'key-1', new_key_id: 'key-2', opened_at: NOW, closes_at: NOW, outcome: 'open' },
      ...{
        activated_at: NOW,
        ended_at: null,
        reason: null,
        opened_by: 'ana',
        ended_by: null,
        end_reason: null,
        forced: [],
      },
    };
    const answers: Answers = {
      'signing.history': ({ scope }) => ({ reply: { transitions: [{ scope, ...transition }], dropped: [] } }),
    };
    const heard = await plexctl('signing history --scope channel:pay --limit 1', answers);
    expect(heard.asked).toEqual(BOTH.map((scope) => ['signing.history', { scope, limit: 1 }]));
    expect(rows(heard).map((row) => row.slice(0, 2))).toEqual([
      ['SCOPE', 'ID'],
      ...BOTH.map((scope) => [scope, WEB_ID]),
    ]);
    expect(rows(heard)[0]).toContain('ACTIVATED_AT');
  });

  const status = ({ scope }: Body): Reaction => ({
    reply: statusReply(
      scopeStatus({
        scope,
        channel: {
          phase: 'active',
          activated_at: NOW,
          senders: 1,
          receivers: 2,
          waiting_for: ['web-1'],
          signs_from: null,
          overdue: false,
        },
      }),
    ),
  });

  it('is the status of both, as JSON an array', async () => {
    const text = await plexctl('signing status --scope channel:pay', { 'signing.status': status });
    expect(text.stdout.match(/^channel:pay:\S+ {2}epoch 2/gm)).toHaveLength(2);
    const json = await plexctl('signing status --scope channel:pay --output json', { 'signing.status': status });
    const documents = JSON.parse(json.stdout) as { scopes: { scope: string }[] }[];
    expect(documents.flatMap(({ scopes: each }) => each.map(({ scope }) => scope))).toEqual(BOTH);
  });

  it('says once what was refused to whom', async () => {
    const refusals = [
      {
        actor: 'ana',
        command: 'signing.rotate',
        code: 'ABORTED',
        detail: 'signing: scope busy',
        count: 2,
        last_at: NOW,
      },
    ];
    const answers: Answers = {
      'signing.status': ({ scope }) => ({ reply: { ...statusReply(scopeStatus({ scope })), refusals } }),
    };
    const { stdout } = await plexctl('signing status --scope channel:pay', answers);
    expect(stdout.match(/signing: scope busy/g)).toHaveLength(1);
  });

  it('is watched as one', async () => {
    const stop = new AbortController();
    let polls = 0;
    const answers: Answers = {
      'signing.status': (body) => {
        polls += 1;
        if (polls > 4) stop.abort();
        return status(body);
      },
    };
    const given = { interrupted: stop.signal };
    const { stdout } = await plexctl('signing status --scope channel:pay --watch', answers, channel(), given);
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split('  ')[1]),
    ).toEqual(BOTH);
    expect(stdout).toContain('active; waits for web-1; 1 signs, 2 verify');
  });

  it('is nothing where the channel may not be seen', async () => {
    const answers = { 'channel.show': () => refusal('permissionDenied') };
    const { exitCode, asked } = await plexctl('signing status --scope channel:pay', answers);
    expect([exitCode, asked]).toEqual([77, []]);
  });
});

describe('policy --scope channel:<slug>', () => {
  const policy = {
    ...{ algorithm: 'HS256', overlap_window_seconds: 86_400, propagation_delay_seconds: 600, rotate_every: '90d' },
    ...{ close: 'manual', share_required: 100, key_id_pattern: 'key-{yyyy}{mm}{dd}', standby: false },
    longest_token_seconds: 3_600,
  };
  const reply = ({ scope }: Body): Reaction => ({
    reply: {
      ...{ kind: null, scope, policy, from: {}, kind_version: 0, lacking: null, rings: 0 },
      ...{ lacking_count: 0, lacking_rings: [] },
    },
  });

  it('shows and sets it for both', async () => {
    const shown = await plexctl('policy show --scope channel:pay', { 'policy.show': reply });
    expect([shown.exitCode, scopes(shown)]).toEqual([0, BOTH]);
    expect(shown.stdout.match(/^policy of +channel:pay:/gm)).toHaveLength(2);
    const set = await plexctl('policy set --scope channel:pay --rotate-every 90d', { 'policy.set': reply });
    expect(set.asked.map(([, { scope, rotate_every }]) => [scope, rotate_every])).toEqual(
      BOTH.map((scope) => [scope, '90d']),
    );
  });
});

describe('commands that are about one ring alone', () => {
  it.each([
    'signing stage --scope channel:pay --new-key-id k',
    'signing unstage --scope channel:pay',
    'signing jwks --scope channel:pay',
    'signing recommit --scope channel:pay --reason x',
    'audit list --scope channel:pay',
    'node list --scope channel:pay',
    'events publish --scope channel:pay --event-type x',
  ])('%s names the two', async (args) => {
    const { exitCode, stderr, asked } = await plexctl(args, {});
    expect([exitCode, asked]).toEqual([2, []]);
    expect(stderr).toMatch(/^hint: channel:pay is two rings, channel:pay:<a>-to-<b> and channel:pay:<b>-to-<a>/m);
    expect(stderr).toContain('plexctl channel show --slug pay');
  });

  it.each([
    'signing rotate --scope platform --new-key-id k',
    'signing close --scope platform --old a --new b',
    'signing rollback --scope platform',
    `policy set --scope ${TO_BANK} --rotate-every 7d`,
  ])('%s takes no --request-id', async (args) => {
    const { exitCode, stderr } = await plexctl(`${args} --request-id ${WEB_ID}`, {});
    expect(exitCode).toBe(2);
    expect(stderr).toContain('--request-id is for channel:<slug> alone');
  });
});

it('begins nothing more once Ctrl-C is pressed', async () => {
  const stop = new AbortController();
  const answers: Answers = {
    'signing.rotate': () => {
      stop.abort();
      return 'silence';
    },
  };
  const show: ShowChannelReply = channel();
  const given = { interrupted: stop.signal };
  const heard = await plexctl('signing rotate --scope channel:pay', answers, show, given);
  expect([heard.exitCode, scopes(heard)]).toEqual([1, [TO_WEB]]);
  expect(heard.stderr).toContain(`plexctl: outcome unknown\n  scope: ${TO_WEB}\n`);
  expect(heard.stderr).toContain(`plexctl: not tried: interrupted\n  scope: ${TO_BANK}\n`);
  expect(heard.stderr).toContain('does the rest');
});
