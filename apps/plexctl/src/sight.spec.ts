import type { ScopeStatus } from '@plexsphere/wire/commands';
import { FakeBus, type Reaction, type Request } from '../testing/fake-bus';
import { nodes, scopeStatus, statusReply } from '../testing/status';
import { Desk, OPERATOR, type Given, type Outcome } from '../testing/surroundings';

const desk = new Desk();
afterAll(() => desk.remove());

/** Runs one command against a bus that reacts to each command in a way of its own. */
async function plexctl(
  react: (command: string, count: number) => Reaction,
  args: string[],
  given: Given = {},
): Promise<Outcome & { requests: Request[] }> {
  const counts = new Map<string, number>();
  const bus = new FakeBus(({ subject }) => {
    const command = subject.split('.').slice(2).join('.');
    counts.set(command, (counts.get(command) ?? 0) + 1);
    return react(command, counts.get(command) ?? 0);
  });
  try {
    return { ...(await desk.plexctl(await bus.start(), args, given)), requests: bus.requests };
  } finally {
    await bus.stop();
  }
}

const STATUS = ['signing', 'status'];
const lagging = (count: number): ScopeStatus =>
  scopeStatus({
    nodes: nodes({
      ...{ applied: 3 - count, lagging_count: count },
      lagging: ['edge-1', 'edge-2', 'edge-3'].slice(0, count),
    }),
  });

describe('signing status', () => {
  it('asks for one scope or for all', async () => {
    const react = (): Reaction => ({ reply: statusReply(scopeStatus(), scopeStatus({ scope: 'issuer:main' })) });
    const all = await plexctl(react, STATUS);
    expect(all).toMatchObject({ exitCode: 0, stderr: '' });
    expect(all.requests[0]?.body).toEqual({});
    expect(all.stdout).toMatch(/^platform .*\n\nissuer:main /s);
    expect((await plexctl(react, [...STATUS, '--scope', 'platform'])).requests[0]?.body).toEqual({ scope: 'platform' });
  });

  it('says that a short overlap is allowed', async () => {
    const reply = { ...statusReply(), short_overlap_allowed: true };
    expect((await plexctl(() => ({ reply }), STATUS)).stderr).toMatch(/^note: .*overlap window/);
  });
});

describe('signing status --watch', () => {
  /** Ctrl-C once the bus has been asked so often. */
  function watch(replies: (Reaction | ScopeStatus)[], given: Given = {}, ...more: string[]) {
    const keyboard = new AbortController();
    return plexctl(
      (_, count) => {
        if (count > replies.length) keyboard.abort();
        const now = replies[Math.min(count, replies.length) - 1] ?? 'nobody';
        return typeof now === 'object' && 'scope' in now ? { reply: statusReply(now) } : now;
      },
      [...STATUS, '--watch', ...more],
      { interrupted: keyboard.signal, ...given },
    );
  }

  it('writes a line for what has changed, and none for time that passed', async () => {
    const older = lagging(2);
    const { exitCode, stdout } = await watch([
      lagging(2),
      { ...older, transition: older.transition && { ...older.transition, seconds_left: 79_000 } },
      lagging(0),
    ]);
    expect(exitCode).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain('1 applied, 2 lagging, 0 pending, 0 offline; lagging: edge-1, edge-2');
    expect(lines[1]).toContain('3 applied, 0 lagging');
  });

  it('is a document a line as JSON', async () => {
    const { stdout } = await watch([lagging(2), lagging(0)], {}, '--output', 'json');
    const documents = stdout.trimEnd().split('\n');
    expect(documents.map((text) => JSON.parse(text) as unknown)).toEqual([
      statusReply(lagging(2)),
      statusReply(lagging(0)),
    ]);
  });

  it('draws over what it drew on a terminal, with a bar', async () => {
    const { exitCode, stdout } = await watch([lagging(2), lagging(1)], { isTerminal: true });
    expect(exitCode).toBe(0);
    const [first, second] = stdout.split('\r\u001b[J');
    expect(first).toContain('33 %');
    // As many rows up as were drawn, wherever the screen broke the lines.
    const rows = (first ?? '')
      .slice(0, (first ?? '').lastIndexOf('\u001b['))
      .trimEnd()
      .split('\n')
      .reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / 80)), 0);
    expect(first).toMatch(new RegExp(`\\u001b\\[${rows}A$`));
    expect(second).toContain('66 %');
  });

  it('goes on while a service is away, and says so', async () => {
    const gone: Reaction = { problem: { code: 'UNAVAILABLE', detail: 'signing: database unavailable' } };
    const { exitCode, stdout, stderr } = await watch([lagging(1), gone, gone, lagging(1), lagging(0)]);
    expect(exitCode).toBe(0);
    expect(stdout.trimEnd().split('\n')).toHaveLength(2);
    expect(stderr).toBe('note: not up to date: signing: database unavailable\n');
  });

  it('ends where the first answer is trouble, or where it will not pass', async () => {
    const gone: Reaction = { problem: { code: 'UNAVAILABLE', detail: 'signing: database unavailable' } };
    const shut: Reaction = { problem: { code: 'UNAUTHENTICATED', detail: 'signing: not authenticated' } };
    expect((await watch([gone])).exitCode).toBe(1);
    expect((await watch([lagging(1), shut])).exitCode).toBe(77);
  });
});

describe('signing rotate --wait', () => {
  const ROTATE = ['signing', 'rotate', '--scope', 'platform', '--new-key-id', 'k2', '--wait'];
  const reply = {
    ...{ scope: 'platform', old_key_id: 'k1', new_key_id: 'k2', opened_at: '2026-05-01T10:00:00Z' },
    ...{ closes_at: '2026-05-02T10:00:00Z', epoch: 2, confirmed: ['signer-1'], lapsed: [], nodes: 3 },
  };
  const rotate = (statuses: (ScopeStatus | Reaction)[], given: Given = {}, ...more: string[]) =>
    plexctl(
      (command, count) => {
        if (command === 'signing.rotate') return { reply };
        const now = statuses[Math.min(count, statuses.length) - 1] ?? 'nobody';
        return typeof now === 'object' && 'scope' in now ? { reply: statusReply(now) } : now;
      },
      [...ROTATE, ...more],
      given,
    );

  it('returns when all Nodes that hold a key have applied', async () => {
    const stale = scopeStatus({ epoch: 1, trust_epoch: 1 });
    const away: Reaction = { problem: { code: 'UNAVAILABLE', detail: 'signing: database unavailable' } };
    const pending = scopeStatus({ nodes: nodes({ applied: 2, pending_count: 1, pending: ['p'] }) });
    const { exitCode, stdout, stderr, requests } = await rotate([stale, lagging(2), away, pending]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^SCOPE .*\nplatform +k1 /);
    expect(stderr).toContain('1 of 3 Nodes have applied');
    expect(requests.filter(({ subject }) => subject.endsWith('status'))).toHaveLength(4);
  });

  it('N-5: neither waits for Nodes that were never seen nor counts them among those that it waits for', async () => {
    const early = nodes({ enrolled: 5, applied: 1, lagging_count: 1, lagging: ['edge-2'], pending_count: 3 });
    const done = nodes({ enrolled: 5, applied: 2, pending_count: 3, pending: ['p1', 'p2', 'p3'] });
    const { exitCode, stderr } = await rotate([scopeStatus({ nodes: early }), scopeStatus({ nodes: done })]);
    expect(exitCode).toBe(0);
    expect(stderr).toContain('50 %  1 of 2 Nodes have applied');
    expect(stderr).not.toMatch(/\b[35] Nodes/);
    expect(stderr).toContain('note: not waited for, since never seen so far: p1, p2, p3\n');
  });

  it('writes its progress over itself on a terminal', async () => {
    const { stderr } = await rotate([lagging(2), lagging(0)], { isTerminal: true });
    expect(stderr).not.toContain('\n');
    expect(stderr.endsWith('\r\u001b[K')).toBe(true);
  });

  it('exits 1 on time-out, names who has not, and shows the rotation that stays open', async () => {
    const { exitCode, stdout, stderr } = await rotate([lagging(2)], {}, '--timeout', '1s');
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^SCOPE /);
    expect(stderr).toMatch(/\nplexctl: nodes have not applied in time\n/);
    expect(stderr).toContain('\n  lagging: edge-1, edge-2\n');
    expect(stderr).toContain('plexctl signing status --scope platform --watch');
  });

  it('is ended by Ctrl-C, and by a rotation that is over', async () => {
    const keyboard = new AbortController();
    const stopped = await plexctl(
      (command, count) => {
        if (command === 'signing.rotate') return { reply };
        if (count > 1) keyboard.abort();
        return { reply: statusReply(lagging(2)) };
      },
      ROTATE,
      { interrupted: keyboard.signal },
    );
    expect(stopped).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('stopped waiting') });
    const back = scopeStatus({ epoch: 3, keys: [] });
    expect((await rotate([back])).exitCode).toBe(1);
  });

  it('shows the rotation where it may not look on', async () => {
    const problem = { code: 'PERMISSION_DENIED', detail: 'signing: permission denied' };
    const { exitCode, stdout, stderr } = await rotate([{ problem }]);
    expect({ exitCode, shown: stdout.startsWith('SCOPE') }).toEqual({ exitCode: 1, shown: true });
    expect(stderr).toContain('cause: signing: permission denied');
  });
});

describe('a plan', () => {
  const rotation = {
    ...{ scope: 'platform', old_key_id: 'k1', new_key_id: 'k2', closes_at: '2026-05-02T10:00:00Z', nodes: 3 },
    ...{ pending_count: 1, offline_count: 0, signers: ['signer-1'], blocked_by: [] as string[] },
  };
  const close = {
    ...{ scope: 'platform', old_key_id: 'k1', new_key_id: 'k2', closes_at: '2026-05-02T10:00:00Z' },
    ...{
      earliest_close_at: '2026-05-02T10:00:00Z',
      safe_close_at: '2026-05-01T11:20:31Z',
      nodes: lagging(2).nodes,
      blocked_by: ['signing: nodes lagging'],
    },
  };
  const rotate = ['signing', 'rotate', '--scope', 'platform', '--new-key-id', 'k2', '--plan'];

  it('asks what a rotate would do, and nothing else', async () => {
    const { exitCode, stdout, requests } = await plexctl(() => ({ reply: rotation }), rotate);
    expect(exitCode).toBe(0);
    expect(requests).toEqual([
      { subject: `cmd.${OPERATOR}.signing.plan-rotate`, body: { scope: 'platform', new_key_id: 'k2' } },
    ]);
    expect(stdout).toMatch(/\nblocked by +nothing\n$/);
    expect(stdout).not.toContain('may sign');
  });

  it('says from when on a key may sign that is staged already', async () => {
    const { stdout } = await plexctl(() => ({ reply: { ...rotation, propagated_at: '2026-05-01T10:15:00Z' } }), rotate);
    expect(stdout).toMatch(/\nmay sign +from 2026-05-01T10:15:00Z on; before by --force alone\n/);
  });

  it('exits 1 where something would block, and says what', async () => {
    const reply = { ...rotation, blocked_by: ['signing: rotation in progress'] };
    const { exitCode, stderr } = await plexctl(() => ({ reply }), rotate);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^plexctl: would be refused\n {2}blocked_by: signing: rotation in progress\nhint: /);
    const { stdout, ...json } = await plexctl(() => ({ reply }), [...rotate, '--output', 'json']);
    expect(JSON.parse(stdout)).toEqual(reply);
    expect(JSON.parse(json.stderr)).toMatchObject({ detail: 'would be refused', blocked_by: reply.blocked_by });
  });

  it('of a close needs no keys, names who lags, and says from when on it would do', async () => {
    const args = ['signing', 'close', '--scope', 'platform', '--plan'];
    const { exitCode, stdout, requests } = await plexctl(() => ({ reply: close }), args);
    expect(exitCode).toBe(1);
    expect(requests[0]).toEqual({ subject: `cmd.${OPERATOR}.signing.plan-close`, body: { scope: 'platform' } });
    expect(stdout).toMatch(/\nearliest close +2026-05-02T10:00:00Z\n/);
    expect(stdout).toMatch(/\nsafe from +2026-05-01T11:20:31Z, for verifiers that cache keys\n/);
    expect(stdout).toMatch(/\nlagging +edge-1, edge-2\n/);
    const named = await plexctl(() => ({ reply: { ...close, blocked_by: [] } }), [...args, '--old', 'k1', '--new=k2']);
    expect(named).toMatchObject({ exitCode: 0 });
    expect(named.requests[0]?.body).toEqual({ scope: 'platform', old_key_id: 'k1', new_key_id: 'k2' });
  });
});

describe('a refusal because Nodes lag', () => {
  it('has its numbers and names in words, and the next step', async () => {
    const problem = {
      ...{ code: 'FAILED_PRECONDITION', detail: 'signing: nodes lagging', enrolled: 60, sent: 60, applied: 4 },
      ...{ lagging_count: 55, lagging: ['edge-1', 'edge-2'], pending_count: 1, closes_at: '2026-05-02T10:00:00Z' },
    };
    const args = ['signing', 'close', '--scope', 'platform', '--old', 'k1', '--new', 'k2'];
    const { exitCode, stderr } = await plexctl(() => ({ problem }), args);
    expect(exitCode).toBe(1);
    expect(stderr).toBe(
      `plexctl: signing: nodes lagging
  code: FAILED_PRECONDITION
  nodes: 4 of 60 have applied, 60 sent to, 55 lagging, 1 pending
  lagging: edge-1, edge-2 and 53 more
  closes_at: 2026-05-02T10:00:00Z
hint: 55 Nodes may still verify by the old key alone; they catch up when they are back: close then, or after 2026-05-02T10:00:00Z; plexctl signing status --scope platform --watch shows who is left
`,
    );
  });
});
