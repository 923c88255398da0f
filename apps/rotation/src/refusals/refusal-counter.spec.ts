import { RefusalCounter } from './refusal-counter';

const VIC = '00000000-0000-4000-8000-00000000000b';
const NOBODY = { code: 'UNAUTHENTICATED', detail: 'signing: not authenticated' };
const DENIED = { code: 'PERMISSION_DENIED', detail: 'signing: permission denied' };
const refused = (actor: string, command = 'signing.close') => ({
  actor,
  subject: `cmd.${actor}.${command}`,
  ...DENIED,
});
const shown = (actor: string, command = 'signing.revoke') => ({ actor, subject: `http.command.${command}`, ...NOBODY });

describe('S12: what is refused', () => {
  it('S12: is counted by actor, command, code and detail, a thousand as one', () => {
    const counter = new RefusalCounter();
    for (let i = 0; i < 1_000; i++) counter.note(refused(VIC));
    counter.note(refused(VIC, 'signing.rotate'));
    expect(counter.take()).toEqual([
      { actor: VIC, command: 'signing.close', ...DENIED, count: 1_000 },
      { actor: VIC, command: 'signing.rotate', ...DENIED, count: 1 },
    ]);
    expect(counter.take()).toEqual([]);
  });

  it('S12: is told from what was held back, by whom and in which queue', () => {
    const counter = new RefusalCounter();
    counter.noteHeldBack(VIC, 'commands');
    counter.noteHeldBack(VIC, 'commands');
    counter.noteHeldBack('signer signer-7', 'leases');
    expect(counter.take()).toEqual([
      { actor: VIC, command: 'commands', code: 'HELD_BACK', detail: '', count: 2 },
      { actor: 'unknown', command: 'leases', code: 'HELD_BACK', detail: '', count: 1 },
    ]);
  });

  it('S12: is no free text: who is nobody is unknown, and so is a command that there is not', () => {
    const counter = new RefusalCounter();
    counter.note(refused('somebody'));
    counter.note(refused(VIC, 'drop.table.x'));
    counter.note({ actor: VIC, subject: 'node.0190a8b8.hello', ...DENIED });
    expect(counter.take().map(({ actor, command }) => [actor, command])).toEqual([
      ['unknown', 'signing.close'],
      [VIC, 'unknown'],
    ]);
  });

  it('S12: takes no more room than for two hundred kinds a minute, and still counts every one', () => {
    const clock = { ms: 0 };
    const counter = new RefusalCounter(() => clock.ms);
    const stranger = (i: number) => `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`;
    for (let i = 0; i < 10_000; i++) counter.note(refused(stranger(i)));
    const first = counter.take();
    expect(first).toHaveLength(201);
    expect(first.reduce((sum, { count }) => sum + count, 0)).toBe(10_000);
    expect(first.at(-1)).toMatchObject({ actor: 'others', command: 'others', count: 9_800 });
    // Flushing makes no room: a minute is one.
    for (let i = 10_000; i < 10_100; i++) counter.note(refused(stranger(i)));
    expect(counter.take()).toHaveLength(1);
    clock.ms = 60_000;
    for (let i = 10_000; i < 10_100; i++) counter.note(refused(stranger(i)));
    expect(counter.take()).toHaveLength(100);
  });

  it('is told apart by the address of a stranger over HTTP, of ten a minute, and then of all others together', () => {
    const clock = { ms: 0 };
    const counter = new RefusalCounter(() => clock.ms);
    counter.note(shown(VIC));
    for (let i = 0; i < 1_000; i++) counter.note(shown(`http:203.0.113.${i % 250}`));
    counter.note(shown('http:2001:db8:0:1::/64'));
    counter.note(shown('http:<script>'));
    const taken = counter.take();
    expect(taken.map(({ actor }) => actor)).toEqual([
      VIC,
      ...Array.from({ length: 10 }, (_, i) => `http:203.0.113.${i}`),
      'http:others',
      'unknown',
    ]);
    expect(taken.map(({ count }) => count)).toEqual([1, ...Array(10).fill(4), 961, 1]);
    expect(new Set(taken.map(({ command }) => command))).toEqual(new Set(['signing.revoke']));
    clock.ms = 60_000;
    counter.note(shown('http:2001:db8:0:1::/64'));
    expect(counter.take()[0]?.actor).toBe('http:2001:db8:0:1::/64');
  });

  it('S12: is kept while it cannot be written down', () => {
    const counter = new RefusalCounter();
    counter.note(refused(VIC));
    const taken = counter.take();
    counter.note(refused(VIC));
    counter.giveBack(taken);
    expect(counter.take()).toEqual([{ actor: VIC, command: 'signing.close', ...DENIED, count: 2 }]);
  });
});
