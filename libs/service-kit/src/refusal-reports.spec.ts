import { RefusalReports } from './refusal-reports';
import { ThrottledLog } from './throttled-log';

describe('what is said of refused messages', () => {
  const lines: Record<string, unknown>[] = [];
  const refused = {
    actor: 'alice',
    subject: 'cmd.alice.x',
    code: 'PERMISSION_DENIED',
    detail: 'foreign reply subject',
  };
  const warn = (fields: object, text: string) => void lines.push({ ...fields, text });
  const reports = () => new RefusalReports(new ThrottledLog({ warn } as never));
  beforeEach(() => {
    lines.length = 0;
    jest.useFakeTimers();
  });
  afterEach(() => jest.useRealTimers());

  it('S1: is said once, and again after half a minute with how often it happened', () => {
    const told = reports();
    for (let n = 0; n < 50; n++) told.unread(refused);
    jest.advanceTimersByTime(30_000);
    told.unread(refused);
    expect(lines).toEqual([
      { actor: 'alice', subject: 'cmd.alice.x', reason: refused.detail, times: 1, text: 'message refused unread' },
      { actor: 'alice', subject: 'cmd.alice.x', reason: refused.detail, times: 50, text: 'message refused unread' },
    ]);
  });

  it('is counted by whoever observes, each time', () => {
    const told = reports();
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

  it('carries no more of a subject than a line may', () => {
    reports().unread({ ...refused, subject: `cmd.alice.${'x'.repeat(4_000)}` });
    expect(String(lines[0]?.['subject'])).toHaveLength(200);
  });
});
