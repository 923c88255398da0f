import type { Traffic } from '@plexsphere/wire';
import { Routes } from './routes';

const row = (subject: string): Traffic => ({
  ...{ subject, speakers: ['operator'], listeners: ['rotation'], answered: true },
  ...{ limitBytes: 1_000, queue: 'commands', askers: [1] },
});

function routes(): Routes<string> {
  const found = new Routes<string>([row('cmd.{own}.sum'), row('cmd.{own}.>')]);
  found.add('cmd.*.sum', 'sum');
  found.add('cmd.*.*', 'any');
  return found;
}

describe('the way of a subject', () => {
  it.each([
    ['cmd.alice.sum', 'cmd.{own}.sum', 'sum'],
    ['cmd.alice.list', 'cmd.{own}.>', 'any'],
    ['cmd.alice.node.list', 'cmd.{own}.>', undefined],
  ])('%s is the first row and the first handler that it fits', (subject, wanted, handler) => {
    const found = routes();
    for (let asked = 0; asked < 2; asked++) {
      const route = found.on(subject);
      expect([route?.admission.traffic.subject, route?.handler]).toEqual([wanted, handler]);
    }
  });

  it('is none where nobody may speak', () => expect(routes().on('cmd.alice')).toBeUndefined());

  it('is looked for once, and names its own asker', () => {
    const found = routes();
    expect(found.on('cmd.alice.sum')).toBe(found.on('cmd.alice.sum'));
    expect(found.on('cmd.alice.sum')?.admission.asker('')).toBe('alice');
    expect(found.on('cmd.bob.sum')?.admission.asker('')).toBe('bob');
  });

  it('is found again after any number of others, of which few are kept, and no long one', () => {
    const found = routes();
    for (let n = 0; n < 10_000; n++) expect(found.on(`cmd.op-${n}.sum`)?.handler).toBe('sum');
    const long = `cmd.${'x'.repeat(300)}.sum`;
    expect(found.on(long)?.handler).toBe('sum');
    const [kept] = Object.values(found).filter((each): each is Map<string, unknown> => each instanceof Map);
    expect(kept?.size).toBeLessThanOrEqual(4_096);
    expect(kept?.has(long)).toBe(false);
  });

  it('leads to a handler that came later', () => {
    const found = new Routes<string>([row('cmd.{own}.sum')]);
    expect(found.on('cmd.alice.sum')?.handler).toBeUndefined();
    found.add('cmd.*.sum', 'sum');
    expect(found.on('cmd.alice.sum')?.handler).toBe('sum');
  });
});
