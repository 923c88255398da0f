import { PROBLEMS, problem, type ProblemName } from '@plexsphere/wire';
import { loadAll } from './commands';
import { hintFor, inWords, reasonOf } from './hints';

/** Told about no command in particular: what it is then is in the words of the flag. */
const WITHOUT: ProblemName[] = ['invariantViolation'];

it.each((Object.keys(PROBLEMS) as ProblemName[]).filter((name) => !WITHOUT.includes(name)))(
  'what to do about %s is said',
  (name) => expect(hintFor(PROBLEMS[name].detail, 'platform')).toEqual(expect.not.stringContaining('<scope>')),
);

it('names commands that there are, with flags that they take', async () => {
  const commands = new Map((await loadAll()).map(({ path, flags }) => [path.join(' '), Object.keys(flags)]));
  const hints = (Object.keys(PROBLEMS) as ProblemName[]).map(
    (name) => hintFor(PROBLEMS[name].detail, 'platform') ?? '',
  );
  const named = hints.flatMap((hint) => [
    ...hint.matchAll(/plexctl ([a-z-]+(?: [a-z-]+){0,3})((?: --[a-z-]+(?: platform)?)*)/g),
  ]);
  expect(named.length).toBeGreaterThan(20);
  for (const [text, path = '', flags = ''] of named) {
    const words = path.split(' ');
    const begun = words.map((_, index) => words.slice(0, words.length - index).join(' '));
    const known = begun.map((name) => commands.get(name)).find((each) => each !== undefined);
    expect({ text, isThere: known !== undefined }).toEqual({ text, isThere: true });
    const foreign = [...flags.matchAll(/--([a-z-]+)/g)].filter(([, flag = '']) => !known!.includes(flag));
    expect({ text, foreign: foreign.map(([flag]) => flag) }).toEqual({ text, foreign: [] });
  }
});

it.each<[ProblemName, RegExp]>([
  ['notPropagatedYet', /^wait until propagated_at; an admin may insist with --force$/],
  ['stagedKeyExpired', /stage another key/],
  ['rollbackSettling', /^wait until settles_at/],
  ['keyRevoked', /plexctl signing status --scope platform/],
  ['recoveryKeyNeeded', /--recovery-key/],
  ['wrongRecoveryKey', /not the recovery key of this installation/],
  ['scheduleInvalid', /--plan .*--rotate-every/],
  ['nextKeyUnavailable', /plexctl signing recommit --scope platform/],
])('%s leads on', (name, hint) => expect(hintFor(PROBLEMS[name].detail, 'platform')).toMatch(hint));

describe('a key id that is in use', () => {
  it('by a key of the ring is in use for ever', () => {
    expect(inWords(problem('keyIdInUse', { new_key_id: 'k2' }), 'platform')).toBeUndefined();
    expect(hintFor('signing: key id in use', 'platform')).toMatch(/choose another key id/);
  });

  it('by what an attempt left is free again, and says when', () => {
    const left = problem('keyIdInUse', { new_key_id: 'k2', free_at: '2026-05-01T10:00:00.000Z' });
    expect(inWords(left, 'platform')).toMatchObject({
      ...{ exitCode: 1, detail: 'signing: key id in use' },
      members: { new_key_id: 'k2', free_at: '2026-05-01T10:00:00.000Z' },
      hint: expect.stringMatching(/choose another key id, or run this again after 2026-05-01T10:00:00.000Z$/),
    });
  });
});

describe('a key of a channel that settles', () => {
  const refused = (waiting_for: string[]) =>
    problem('rollbackSettling', { key_id: 'key-2', settles_at: '2026-05-01T10:00:00.000Z', waiting_for });

  it.each<[string[], RegExp]>([
    [
      ['app-1', 'app-2'],
      /^key-2 signs no more, and verifies until .*, or sooner, once app-1, app-2 signs? by another key;/,
    ],
    [[], /^key-2 signs no more, and verifies until 2026-05-01T10:00:00.000Z; it goes by itself then/],
  ])('says whom it waits for (%s), whether a rollback has left it or a revoke', (waitingFor, hint) => {
    const told = inWords(refused(waitingFor), 'channel:pay:app-to-plugin');
    const waits = waitingFor.join(', ') || 'nobody';
    expect(told).toMatchObject({ exitCode: 1, detail: 'signing: rollback settling', members: { waiting_for: waits } });
    expect(told?.hint).toMatch(hint);
    expect(told?.hint).toMatch(/plexctl channel show --slug pay shows it$/);
    expect(told?.hint).not.toMatch(/rolled back/);
  });

  it('of another scope is told as ever', () => {
    expect(inWords(problem('rollbackSettling', { key_id: 'p2', settles_at: 'then' }), 'platform')).toBeUndefined();
  });
});

it.each([
  [
    'of a scope whose keys do not sign it',
    { signs: ['statement', 'token'] },
    '--scope: its keys sign nothing else than statement and token',
  ],
  ['of a channel, whose keys sign nothing here', { signs: [] }, '--scope: its members sign by its keys themselves'],
  [
    'of a kind that there is not',
    { accepted_kinds: ['platform'] },
    '--scope must be of a kind that this installation accepts: platform',
  ],
])('what is asked for %s is told with the reason', (_, members, reason) => {
  expect(reasonOf(problem('invariantViolation', { field: 'scope', ...members }), 'scope', 'bus')).toBe(reason);
});
