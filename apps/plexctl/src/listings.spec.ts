// Listings in pages, and the removal of a Domain, against a bus that answers as a test says.
import type { AuditEntry, EventSummary, MissingNode } from '@plexsphere/wire/commands';
import { FakeBus, type Reaction, type Request } from '../testing/fake-bus';
import { Desk, OPERATOR, type Outcome } from '../testing/surroundings';

const AT = '2026-05-01T10:00:00Z';
const NEXT = 'AAAAAAAA.1767225600000001.7';
const ID = ['--id', OPERATOR];

const desk = new Desk();
afterAll(() => desk.remove());

async function plexctl(replies: Reaction[], args: string[]): Promise<Outcome & { requests: Request[] }> {
  const bus = new FakeBus((_, count) => replies[count - 1] ?? 'nobody');
  try {
    return { ...(await desk.plexctl(await bus.start(), args)), requests: bus.requests };
  } finally {
    await bus.stop();
  }
}

const entry = (given: Partial<AuditEntry> = {}): AuditEntry => ({
  ...{ happened_at: AT, actor: 'ana', action: 'signing.close', scope: 'platform', request_id: OPERATOR, forced: true },
  ...{ before: null, after: { epoch: 3 }, detail: { forced: true } },
  ...given,
});

describe('audit list', () => {
  it('asks by what was given, and shows who did what, and what was forced', async () => {
    const args = ['audit', 'list', '--scope', 'platform', '--actor', 'ana', '--action', 'signing.close', '--since', AT];
    const reply = { entries: [entry(), entry({ scope: null, request_id: null, forced: false })] };
    const { stdout, stderr, requests } = await plexctl([{ reply }], args);
    const asked = { scope: 'platform', actor: 'ana', action: 'signing.close', since: AT, limit: 50 };
    expect(requests.map(({ body }) => body)).toEqual([asked]);
    expect(stdout).toMatch(/^HAPPENED_AT +ACTOR +ACTION +SCOPE +FORCED +REQUEST_ID$/m);
    expect(stdout).toMatch(new RegExp(`^${AT} +ana +signing\\.close +platform +yes +${OPERATOR}$`, 'm'));
    expect(stdout).toMatch(/- +no +-$/m);
    expect(stderr).toBe('');
  });

  it('goes on page by page until it has as many as were asked for, and says how to go on', async () => {
    const page = (count: number) => ({ reply: { entries: Array.from({ length: count }, () => entry()), next: NEXT } });
    const args = ['audit', 'list', '--limit', '250', '--output', 'json'];
    const { stdout, stderr, requests } = await plexctl([page(200), page(0), page(50)], args);
    expect(requests.map(({ body }) => body)).toEqual([
      { limit: 200 },
      { limit: 50, after: NEXT },
      { limit: 50, after: NEXT },
    ]);
    const document = JSON.parse(stdout);
    expect([document.entries.length, document.next]).toEqual([250, NEXT]);
    expect(JSON.parse(stderr)).toEqual({ note: `there are more: the same again with --after ${NEXT}` });
  });

  it.each([
    [['--since', AT, '--until', AT], '--until must be later than --since'],
    [['--limit', '0'], '--limit takes a number from 1 to 10000'],
    [['--after', 'x'], '--after takes what an earlier listing'],
    [['--since', 'yesterday'], '--since takes a time as RFC 3339'],
    [['--action', 'ROTATE'], '--action takes <noun>.<verb>'],
    [['--action', 'rotate'], '--action takes <noun>.<verb>'],
  ])('refuses %j before it asks', async (flags, told) => {
    const { exitCode, stderr, requests } = await plexctl([], ['audit', 'list', ...flags]);
    expect([exitCode, requests]).toEqual([2, []]);
    expect(stderr).toContain(told);
  });

  it.each([
    [['--action', 'signing.rotat'], /^note: none is found: /],
    [['--actor', 'nobody'], /^note: none is found: /],
    [['--action', 'reissue'], /^note: none is found: /],
    [['--since', AT], /^$/],
  ])('says of %j, which finds nothing, that it may be spelled otherwise', async (flags, told) => {
    const { exitCode, stderr } = await plexctl([{ reply: { entries: [] } }], ['audit', 'list', ...flags]);
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(told);
  });

  it('names the flag that a service refuses', async () => {
    const problem = { code: 'INVALID_ARGUMENT', detail: 'signing: invariant violation', field: 'after' };
    const { exitCode, stderr } = await plexctl([{ problem }], ['audit', 'list', '--after', NEXT]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('the service refuses --after');
  });
});

describe('events', () => {
  const summary = (given: Partial<EventSummary> = {}): EventSummary => ({
    ...{ event_id: OPERATOR, scope: 'platform', event_type: 'route_updated', epoch: null, created_at: AT, nodes: 5 },
    ...{ applied: 3, waiting: 2, superseded: 0, expired: 0 },
    ...given,
  });
  const missing: MissingNode = {
    ...{ node_id: OPERATOR, scope: 'platform', name: 'edge-1', state: 'sent', since: AT, last_seen_at: null },
  };

  it('are listed with how many Nodes have each; beyond what is counted, so much and more', async () => {
    const large = summary({ nodes: 90_000, applied: null, waiting: 1_000 });
    const reply = { events: [summary(), large], counted_to: 1_000 };
    const { stdout, requests } = await plexctl([{ reply }], ['events', 'list', '--scope', 'platform']);
    expect(requests[0]?.body).toEqual({ scope: 'platform', limit: 50 });
    expect(stdout).toMatch(/ 5 +3 +2 +0 +0$/m);
    expect(stdout).toMatch(/ 90000 +- +1000\+ +0 +0$/m);
  });

  it('are shown with those who do not have it, over all pages', async () => {
    const reply = { ...summary(), counted_to: 10_000, missing: [missing] };
    const args = ['events', 'show', '--event-id', OPERATOR];
    const pages = [
      { reply: { ...reply, next: NEXT } },
      { reply: { ...reply, missing: [{ ...missing, name: 'edge-2' }] } },
    ];
    const { stdout, requests } = await plexctl(pages, args);
    expect(requests.map(({ body }) => body)).toEqual([
      { event_id: OPERATOR, limit: 50 },
      { event_id: OPERATOR, limit: 49, after: NEXT },
    ]);
    expect(stdout).toMatch(/^applied +3$/m);
    expect(stdout).toMatch(/^edge-1 +platform +sent +2026-05-01T10:00:00Z +- /m);
    expect(stdout).toMatch(/^edge-2 /m);
  });

  it('that every Node has name none', async () => {
    const reply = { ...summary({ applied: 5, waiting: 0 }), counted_to: 10_000, missing: [] };
    const { stdout } = await plexctl([{ reply }], ['events', 'show', '--event-id', OPERATOR]);
    expect(stdout).toMatch(/\n\nNo Node lacks it\.\n$/);
  });

  it('that Nodes lack whom the asker may not see say so', async () => {
    const reply = { ...summary({ waiting: 2 }), counted_to: 10_000, missing: [] };
    const { stdout } = await plexctl([{ reply }], ['events', 'show', '--event-id', OPERATOR]);
    expect(stdout).toMatch(/\n\nNone of the Nodes that lack it is shown here\.\n$/);
  });
});

describe('domain remove', () => {
  const plan = {
    ...{ scope: `domain:${OPERATOR}`, key_id: 'k1', holders: ['signer-1'], nodes: [], more_nodes: false, keys: [] },
    blocked_by: [] as string[],
  };
  const removed = {
    ...{ scope: plan.scope, key_id: 'k1', epoch: 4, removed_at: AT, lapsed: [] as string[], keys_destroyed: true },
  };

  it('says what is gone', async () => {
    const { exitCode, stdout, stderr, requests } = await plexctl([{ reply: removed }], ['domain', 'remove', ...ID]);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(requests[0]?.subject).toMatch(/\.domain\.remove$/);
    expect(requests[0]?.body).toEqual({ id: OPERATOR, request_id: expect.any(String) });
    expect(stdout).toMatch(new RegExp(`${plan.scope} +k1 +4 +${AT}\n$`));
  });

  it('says what is not done yet', async () => {
    const reply = { ...removed, lapsed: ['signer-2'], keys_destroyed: false };
    const { stderr } = await plexctl([{ reply }], ['domain', 'remove', ...ID]);
    expect(stderr).toMatch(/^note: .*signer-2\nnote: the private halves are not destroyed yet/);
  });

  it('with --plan asks for the plan alone, and exits 1 where something blocks', async () => {
    const free = await plexctl([{ reply: plan }], ['domain', 'remove', ...ID, '--plan']);
    expect(free).toMatchObject({ exitCode: 0, stderr: '' });
    expect(free.requests.map(({ subject }) => subject.split('.').slice(2).join('.'))).toEqual(['domain.plan-remove']);
    const use = { nodes: ['edge-1'], more_nodes: true, keys: [{ key_id: 'k2', state: 'staged' }] };
    const reply = { ...plan, ...use, blocked_by: ['signing: domain in use'] };
    const blocked = await plexctl([{ reply }], ['domain', 'remove', ...ID, '--plan']);
    expect(blocked.exitCode).toBe(1);
    expect(blocked.stdout).toMatch(/^nodes +edge-1 and others$/m);
    expect(blocked.stdout).toMatch(/^keys +k2 is staged$/m);
    expect(blocked.stderr).toContain(`hint: plexctl node list --scope ${plan.scope}`);
  });

  it('says in words what keeps it', async () => {
    const use = { nodes: ['edge-1'], more_nodes: false, keys: [{ key_id: 'k1', state: 'retiring' }] };
    const problem = { code: 'FAILED_PRECONDITION', detail: 'signing: domain in use', field: 'id', ...use };
    const { exitCode, stderr } = await plexctl([{ problem }], ['domain', 'remove', ...ID]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('  nodes: edge-1\n  keys: k1 is retiring\n');
  });
});
