import { backlog, nodes, NOW, scopeStatus, statusReply } from '../../../testing/status';
import type { KeyStatus } from '@plexsphere/wire/commands';
import { nextSteps } from './next-steps';
import { statusLines } from './status-layout';

const LAGGING = nodes({
  ...{ enrolled: 50, sent: 49, applied: 46, lagging_count: 2, lagging: ['edge-7', 'edge-9'] },
  ...{ pending_count: 2, pending: ['edge-1', 'edge-2'], offline_count: 1 },
  offline: [{ name: 'edge-9', since: '2026-05-01T09:00:00Z' }],
  quietest: { name: 'edge-3', seconds: 95 },
});

describe('the status of a scope', () => {
  it('says all of it, by name', () => {
    const scope = scopeStatus({
      nodes: LAGGING,
      signers: [
        { holder: 'signer-1', state: 'confirmed', epoch: 2, renewed_at: NOW },
        { holder: 'signer-2', state: 'behind', epoch: 1, renewed_at: NOW },
        { holder: 'signer-3', state: 'lapsed', epoch: null, renewed_at: '2026-05-01T11:55:00Z' },
      ],
      backlog: backlog({ rows: 3, unsent: 1, sent: 2, oldest_seconds: 4, oldest_unsent_seconds: 2 }),
    });
    expect(statusLines(statusReply(scope)).join('\n')).toBe(
      `platform  epoch 2, trust epoch 2
  keys      k2  active    for 2h, since 2026-05-01T10:00:00Z
            k1  retiring  for 2h, since 2026-05-01T10:00:00Z
  rotation  open: k1 to k2, since 2026-05-01T10:00:00Z
            closes at 2026-05-02T10:00:00Z, 22h left
  switch    done at 2026-05-01T10:00:01Z
            no verifier needs k1 from 2026-05-01T11:20:31Z
  signers   1 confirmed: signer-1
            1 behind: signer-2 (epoch 1)
            1 lapsed: signer-3 (last seen 5m ago)
  nodes     50 enrolled, 49 sent to, 46 applied, 2 lagging, 2 pending, 1 offline
            lagging: edge-7, edge-9
            pending: edge-1, edge-2
            offline for: edge-9 (3h)
            online: last word of edge-3 1m35s ago
  backlog   3 rows: 1 unsent, 2 sent and not applied; the oldest 4s old
  next: signer-2 signs nothing at epoch 2: look at the log if that lasts for longer than a lease
  next: signer-3 has no lease: look at it, unless it was stopped or another has taken its place
  next: edge-7 is there and has not applied the new key: look at its log
  next: 2 Nodes lag: edge-7, edge-9; they catch up when they are back, or close after 2026-05-02T10:00:00Z: plexctl signing close --scope platform --old k1 --new k2`,
    );
  });

  it('tells what is done by itself: what is due, what waits, and what fails', () => {
    const scope = scopeStatus({
      transition: null,
      schedule: { rotate_every: '30d', due_at: '2026-05-01T11:00:00Z' },
      promotion: { key_id: 'k3', percent: 95, deadline: '2026-05-02T12:00:00Z', asked_by: 'rotation' },
      rotator_failure: {
        ...{ step: 'stage', detail: 'signing: no signer available', failures: 3 },
        ...{ failed_at: NOW, retry_at: '2026-05-01T12:00:20Z' },
      },
      lacks_policy: { kind_version: 0 },
    });
    const lines = statusLines(statusReply(scope)).map((line) => line.trim());
    expect(lines.slice(lines.indexOf('backlog    empty') + 1)).toEqual([
      'schedule   30d, due since 2026-05-01T11:00:00Z',
      'promotion  k3 signs once 95 % of the Nodes have applied it, until 2026-05-02T12:00:00Z; asked for by rotation',
      'by itself  stage failed 3 times: signing: no signer available; tried again at 2026-05-01T12:00:20Z',
      'next: stage by itself fails with signing: no signer available: see to that',
      "next: does not go by its kind's policy so far: plexctl policy show --scope platform says why",
    ]);
  });

  it('says of a staged key what to do, and that nothing has to be done where it signs by itself', () => {
    const [active] = scopeStatus().keys;
    const staged = { ...active!, key_id: 'k3', state: 'staged' as const, rotate_by: '2026-05-08T12:00:00Z' };
    const status = { transition: null, keys: [active!, staged] };
    const promotion = { key_id: 'k3', percent: 95, deadline: '2026-05-02T12:00:00Z', asked_by: 'ana' };
    const rotate = 'plexctl signing rotate --scope platform --new-key-id k3, before 2026-05-08T12:00:00Z';
    expect(statusLines(statusReply(scopeStatus(status)))).toContain(`  next: k3 is staged: ${rotate}`);
    expect(statusLines(statusReply(scopeStatus({ ...status, promotion })))).toContain(
      `  next: k3 is staged, and signs by itself once enough Nodes have it; by hand: ${rotate}`,
    );
    const early = { ...staged, propagated_at: '2026-05-01T12:15:00Z' };
    expect(statusLines(statusReply(scopeStatus({ ...status, keys: [active!, early] })))).toContain(
      '  next: k3 is staged: plexctl signing rotate --scope platform --new-key-id k3, from 2026-05-01T12:15:00Z on, before 2026-05-08T12:00:00Z',
    );
  });

  it("says of an issuer's standby from when on it may be rotated to, and that nothing has to be done", () => {
    const [active] = scopeStatus().keys;
    const staged = { ...active!, key_id: 'k3', state: 'staged' as const, rotate_by: '2028-05-08T12:00:00Z' };
    const keys = [active!, { ...staged, propagated_at: '2026-05-01T12:15:00Z' }];
    const lines = statusLines(statusReply(scopeStatus({ scope: 'issuer:web', transition: null, keys })));
    expect(lines.join('\n')).toContain('; the standby, to be rotated to from 2026-05-01T12:15:00Z on\n');
    expect(lines).toContain('  next: nothing to do: no rotation is open, and nobody is behind');
  });

  it('says of keys of several algorithms which, and of those of another service that they are, and when tokens ended', () => {
    const [active, retiring] = scopeStatus().keys as [KeyStatus, KeyStatus];
    const verifies_until = '2026-05-02T10:00:00Z';
    const keys: KeyStatus[] = [
      { ...active, algorithm: 'ES256' },
      { ...retiring, verifies_until, tokens_until: '2026-05-01T11:59:59Z' },
      { ...retiring, key_id: 'x1', verifies_until, tokens_until: '2026-05-01T12:00:01Z', jwk_kid: 'old-1' },
      { ...retiring, key_id: 'x2', verifies_until, tokens_until: '2026-05-01T12:00:01Z', jwk_kid: null },
    ];
    const lines = statusLines(statusReply(scopeStatus({ algorithms: ['ES256', 'Ed25519'], keys }))).join('\n');
    const since = 'for 2h, since 2026-05-01T10:00:00Z';
    expect(lines).toContain(`
  keys      k2  active    ES256    ${since}
            k1  retiring  Ed25519  ${since}; its last token ended at 2026-05-01T11:59:59Z
            x1  retiring  Ed25519  ${since}; of another service, called old-1; its last token ends at 2026-05-01T12:00:01Z
            x2  retiring  Ed25519  ${since}; of another service, its tokens name none; its last token ends at 2026-05-01T12:00:01Z
`);
    expect(lines).toContain(
      '\n  next: x1 is of another service, and goes by itself at 2026-05-02T10:00:00Z, when its tokens are over',
    );
    expect(statusLines(statusReply(scopeStatus())).join('\n')).not.toContain('Ed25519');
  });

  it('says after an emergency until when an API may refuse what the new key signs, and why', () => {
    const known_by = '2026-05-01T12:14:00Z';
    const lines = statusLines(statusReply(scopeStatus({ scope: 'issuer:web', transition: null, known_by })));
    expect(lines).toContain(
      `  known by  every verifier at ${known_by}; until then one that keeps its key set may refuse what the key signs`,
    );
    expect(lines.at(-1)).toBe(
      `  next: verifiers that keep their key set may refuse what k2 signs until ${known_by}: it passes by itself; sooner where one is restarted`,
    );
    expect(statusLines(statusReply(scopeStatus())).join('\n')).not.toContain('known by');
  });

  it('says when a rotation closes by itself', () => {
    const closing = (closes_itself_at: string) =>
      statusLines(statusReply(scopeStatus({ transition: { ...open!, closes_itself_at } }))).join('\n');
    expect(closing('2026-05-02T10:00:00Z')).toContain(
      '22h left\n            closes by itself at 2026-05-02T10:00:00Z\n',
    );
    expect(closing('2026-05-01T11:59:00Z')).toContain('closes by itself, due since 2026-05-01T11:59:00Z\n');
  });

  it('names who follows another chain than ours, and says what to do', () => {
    const scope = scopeStatus({
      ...{ transition: null, keys: [{ ...scopeStatus().keys[0]! }] },
      forks: { count: 1, names: ['edge-1'] },
      domain_forks: { count: 51, names: ['domain:d/edge-2'] },
      forked_domains: { count: 1, scopes: ['domain:d'] },
    });
    const lines = statusLines(statusReply(scope)).map((line) => line.trim());
    expect(lines.slice(lines.indexOf('forks     1 Node: edge-1'))).toEqual([
      'forks     1 Node: edge-1',
      '51 Nodes of Domains, of this ring: domain:d/edge-2 and 50 more',
      '1 Domain, of their own rings: domain:d',
      'backlog   empty',
      'next: Nodes follow a chain that is not ours: unless an older database was restored, throw the key out: plexctl signing revoke --scope platform --key-id k2 --reason WHY --recovery-key FILE',
      'next: each Domain whose Nodes show forks needs a revoke of its own, after any of the platform: domain:d',
    ]);
  });

  it('names whose former key goes on being used, and says what to do', () => {
    const scope = scopeStatus({ scope: 'domain:d', transition: null, contested: { count: 1, names: ['edge-1'] } });
    const lines = statusLines(statusReply(scope)).map((line) => line.trim());
    expect(lines).toContain('contested  1 Node: edge-1');
    expect(lines).toContain(
      'next: a key that was replaced is used in the name of edge-1: put each out (plexctl edge keys revoke-remote NODE --reason WHY), and have its host come in anew (plexctl edge enroll --replace)',
    );
  });

  it('has a revoke of a Domain need no recovery key', () => {
    const scope = scopeStatus({ scope: 'domain:d', forks: { count: 1, names: ['edge-1'] } });
    expect(statusLines(statusReply(scope)).join('\n')).toMatch(/signing revoke --scope domain:d .* --reason WHY$/m);
  });

  it('S12: ends in what was refused and who was held back, of the last hour', () => {
    const [who, last_at] = ['vic', '2026-05-01T11:58:00Z'];
    const denied = { command: 'signing.close', code: 'PERMISSION_DENIED', detail: 'signing: permission denied' };
    const refusals = Array.from({ length: 7 }, (_, i) => ({ actor: who, ...denied, count: 9 - i, last_at }));
    const held_back = [{ actor: 'bob\u202e', queue: 'commands', count: 12, last_at }];
    const text = statusLines({ ...statusReply(scopeStatus()), refusals, held_back }).join('\n');
    expect(text).toContain(
      `\n\nrefused in the last hour\n  9x        signing.close by vic: signing: permission denied (PERMISSION_DENIED), last at ${last_at.slice(0, 16)}Z\n`,
    );
    expect(text).toContain('\n  and 2 other kinds (--output json shows them)\n');
    expect(text).toMatch(/\n\nheld back in the last hour, .*\n {2}12x {7}commands of bob\\u\{202e\}, last at /);
    expect(statusLines(statusReply(scopeStatus())).join('\n')).not.toContain('last hour');
  });

  it('has a bar where one looks on, and only while a rotation is open', () => {
    expect(statusLines(statusReply(scopeStatus({ nodes: LAGGING })), true).join('\n')).toContain(
      '[###########################---] 92 %',
    );
    expect(statusLines(statusReply(scopeStatus({ transition: null })), true).join('\n')).not.toContain('%');
  });

  it('P-3, S8: names a signer whose clock is wrong, and one that claims what it does not prove', () => {
    const scope = scopeStatus({
      signers: [
        { holder: 'signer-1', state: 'confirmed', epoch: 2, renewed_at: NOW },
        { holder: 'signer-2', state: 'lapsed', epoch: null, renewed_at: NOW, clock_off_by_seconds: -400 },
        { holder: 'signer-3', state: 'lapsed', epoch: null, renewed_at: NOW, claimed_epoch: 9, refused_claims: 12 },
      ],
    });
    const lines = statusLines(statusReply(scope)).join('\n');
    expect(lines).toContain(
      '2 lapsed: signer-2 (its clock is 6m40s behind), signer-3 (claims epoch 9 without a proof)',
    );
    expect(lines).toContain('next: set the clock of the machine of signer-2: it signs again by itself');
    expect(lines).not.toContain('signer-2 has no lease');
  });

  it('S8: says first that nothing is served, where the epoch went back', () => {
    const scope = scopeStatus({ went_back: { epoch: 5, shown_by: 'signer-1', shown_at: NOW } });
    const [next] = statusLines(statusReply(scope)).filter((line) => line.includes('next:'));
    expect(next).toMatch(/nothing is served: signer-1 proved epoch 5 at .*, and the database has 2; restore/);
  });

  it('cannot steer a terminal', () => {
    const scope = scopeStatus({ nodes: nodes({ lagging_count: 1, lagging: ['\u001b[2J'] }), transition: null });
    expect(statusLines(statusReply(scope)).join('\n')).not.toContain('\u001b');
  });

  it('of no scope says so', () => {
    expect(statusLines(statusReply())).toEqual(['no scope to show']);
  });
});

const CLOSE = 'plexctl signing close --scope platform --old k1 --new k2';
const open = scopeStatus().transition;
if (open === null) throw new Error('the fixture is open');

describe('the next step', () => {
  it.each([
    ['all have applied', {}, [`all 3 Nodes have applied: ${CLOSE}`]],
    [
      'N-10: it was switched a second ago, and verifiers cache keys',
      { transition: { ...open, safe_close_at: '2026-05-01T13:20:30Z' } },
      [
        `all 3 Nodes have applied; verifiers that cache keys may need the old one until 2026-05-01T13:20:30Z, close then: ${CLOSE}`,
      ],
    ],
    [
      'N-10: the window is over, however short a laboratory has made it',
      { transition: { ...open, seconds_left: 0, safe_close_at: '2026-05-01T13:20:30Z' } },
      [`all 3 Nodes have applied: ${CLOSE}`],
    ],
    [
      'P-9: Nodes of Domains lag behind the platform',
      { transition: null, domain_nodes: nodes({ lagging_count: 2, lagging: ['domain:d/edge-1'] }) },
      [
        '2 Nodes of Domains lag behind the platform, which blocks no close: domain:d/edge-1 and 1 more; they catch up when they are back',
      ],
    ],
    [
      'some never came',
      { nodes: nodes({ applied: 2, pending_count: 1, pending: ['p'] }) },
      [`all Nodes that hold a key have applied (1 Node never came so far, which blocks nothing): ${CLOSE}`],
    ],
    [
      'nobody ever came',
      { nodes: nodes({ applied: 0, pending_count: 3 }) },
      [`3 Nodes never came so far, which blocks nothing: ${CLOSE}`],
    ],
    ['no Node is there', { nodes: nodes({ enrolled: 0, sent: 0, applied: 0 }) }, [`no Node is enrolled: ${CLOSE}`]],
    [
      'it is overdue',
      { nodes: LAGGING, transition: { ...open, seconds_left: -5 } },
      [`2 Nodes lag: edge-7, edge-9, which blocks no longer; they catch up when they are back: ${CLOSE}`],
    ],
    [
      'it has just been opened',
      { nodes: LAGGING, transition: { ...open, opened_at: '2026-05-01T11:59:30Z' } },
      [`2 Nodes lag: edge-7, edge-9; they catch up when they are back, or close after ${open.closes_at}: ${CLOSE}`],
    ],
    [
      'tokens by the old key live, by some clock',
      { transition: { ...open, outstanding_until: '2026-05-01T12:00:30Z' } },
      [`tokens by ${open.old_key_id} block the close until 2026-05-01T12:00:30Z: then: ${CLOSE}`],
    ],
    [
      'they are over by every clock',
      { transition: { ...open, outstanding_until: '2026-05-01T12:00:00Z' } },
      [`the last token by ${open.old_key_id} is over: ${CLOSE}`],
    ],
    [
      'it closes by itself, once the last token is over',
      { transition: { ...open, closes_itself_at: '2026-05-02T11:00:30Z' } },
      ['the rotation closes by itself at 2026-05-02T11:00:30Z'],
    ],
    [
      'it closes by itself, and some lag',
      { nodes: LAGGING, transition: { ...open, opened_at: '2026-05-01T11:59:30Z', closes_itself_at: open.closes_at } },
      [
        `2 Nodes lag: edge-7, edge-9; they catch up when they are back; the rotation closes by itself at ${open.closes_at}`,
      ],
    ],
    [
      'it should have closed by itself',
      { nodes: LAGGING, transition: { ...open, closes_itself_at: '2026-05-01T11:59:00Z' } },
      [
        `2 Nodes lag: edge-7, edge-9, which blocks no longer; they catch up when they are back; the rotation closes by itself, due since 2026-05-01T11:59:00Z; by hand: ${CLOSE}`,
      ],
    ],
    [
      'the switch is under way',
      { transition: { ...open, switched_at: null } },
      ['the switch is under way: it is done within a lease, ask again'],
    ],
    ['nothing is open', { transition: null }, ['nothing to do: no rotation is open, and nobody is behind']],
    [
      'nothing is open and one lags',
      { transition: null, nodes: nodes({ lagging_count: 1, lagging: ['a'] }) },
      ['1 Node lags: a; it catches up when it is back'],
    ],
    [
      'no signer is up',
      { transition: null, signers: [] },
      ['no signer can sign: start one, or look at the log of one'],
    ],
    [
      'nothing is sent',
      { transition: null, backlog: backlog({ rows: 3, unsent: 3, oldest_unsent_seconds: 300 }) },
      ['nothing has been sent for 5m: check that an outbox-relay runs and reaches the bus'],
    ],
    [
      'rows wait for who is away',
      {
        transition: null,
        backlog: backlog({ rows: 1, unsent: 1, oldest_unsent_seconds: 300 }),
        nodes: nodes({ offline_count: 1 }),
      },
      ['1 row waits to be sent: if not for Nodes that are away, check that an outbox-relay runs'],
    ],
  ])('where %s', (_, given, steps) => {
    expect(nextSteps(scopeStatus(given), NOW)).toEqual(steps);
  });

  it('names no one as stuck who may be among the offline ones that are not named', () => {
    const steps = nextSteps(scopeStatus({ nodes: { ...LAGGING, offline_count: 2 } }), NOW);
    expect(steps).toHaveLength(1);
  });
});
