import { RefusalWatch } from './refusal-watch';

describe('what is said of refused messages', () => {
  const lines: Record<string, unknown>[] = [];
  let nowMs = 0;
  const refused = {
    actor: 'alice',
    subject: 'cmd.alice.x',
    code: 'PERMISSION_DENIED',
    detail: 'foreign reply subject',
  };
  const watch = () =>
    new RefusalWatch({ warn: (fields: object, text?: string) => void lines.push({ ...fields, text }) }, () => nowMs);
  beforeEach(() => {
    lines.length = 0;
    nowMs = 0;
  });

  it('S1: is said once, and again after half a minute with how often it happened', () => {
    const told = watch();
    for (let n = 0; n < 50; n++) told.unread(refused);
    nowMs = 30_000;
    told.unread(refused);
    expect(lines).toEqual([
      { actor: 'alice', subject: 'cmd.alice.x', reason: refused.detail, times: 1, text: 'message refused unread' },
      { actor: 'alice', subject: 'cmd.alice.x', reason: refused.detail, times: 50, text: 'message refused unread' },
    ]);
  });

  it('is counted by whoever observes, each time', () => {
    const told = watch();
    const heard: unknown[] = [];
    told.observe({ onRefused: (each) => heard.push(each), onHeldBack: (each) => heard.push(each) });
    told.unread(refused);
    told.answered({ ...refused, detail: 'signing: no open rotation' });
    told.heldBack({ actor: 'alice', queue: 'commands' });
    told.heldBack({ actor: 'alice', queue: 'commands' });
    expect(heard).toHaveLength(4);
    // What a handler answers is no line of its own.
    expect(lines.map(({ text }) => text)).toEqual(['message refused unread', 'asker held back']);
  });

  it('is no memory that whoever draws names can fill', () => {
    const told = watch();
    for (let n = 0; n < 5_000; n++) told.unread({ ...refused, actor: `holder-${n}` });
    const kept = Object.values(told).find((value: unknown) => value instanceof Map) as Map<unknown, unknown>;
    expect(kept.size).toBeLessThanOrEqual(1_000);
  });

  it('carries no more of a subject than a line may', () => {
    watch().unread({ ...refused, subject: `cmd.alice.${'x'.repeat(4_000)}` });
    expect(String(lines[0]?.['subject'])).toHaveLength(200);
  });
});
