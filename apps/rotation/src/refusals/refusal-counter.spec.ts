import { RefusalCounter } from './refusal-counter';

const VIC = '00000000-0000-4000-8000-00000000000b';
const DENIED = { code: 'PERMISSION_DENIED', detail: 'signing: permission denied' };
const subject = (operator: string, command = 'signing.close') => `cmd.${operator}.${command}`;

describe('S12: what is refused', () => {
  it('S12: is counted by actor, command, code and detail, a thousand as one', () => {
    const counter = new RefusalCounter();
    for (let i = 0; i < 1_000; i++) counter.note(subject(VIC), DENIED);
    counter.note(subject(VIC, 'signing.rotate'), DENIED);
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
    counter.note(subject('somebody'), DENIED);
    counter.note(subject(VIC, 'drop.table.x'), DENIED);
    counter.note('node.0190a8b8.hello', DENIED);
    expect(counter.take().map(({ actor, command }) => [actor, command])).toEqual([
      ['unknown', 'signing.close'],
      [VIC, 'unknown'],
    ]);
  });

  it('S12: takes no more room than for two hundred kinds a minute, and still counts every one', () => {
    const clock = { ms: 0 };
    const counter = new RefusalCounter(() => clock.ms);
    const stranger = (i: number) => `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`;
    for (let i = 0; i < 10_000; i++) counter.note(subject(stranger(i)), DENIED);
    const first = counter.take();
    expect(first).toHaveLength(201);
    expect(first.reduce((sum, { count }) => sum + count, 0)).toBe(10_000);
    expect(first.at(-1)).toMatchObject({ actor: 'others', command: 'others', count: 9_800 });
    // Flushing makes no room: a minute is one.
    for (let i = 10_000; i < 10_100; i++) counter.note(subject(stranger(i)), DENIED);
    expect(counter.take()).toHaveLength(1);
    clock.ms = 60_000;
    for (let i = 10_000; i < 10_100; i++) counter.note(subject(stranger(i)), DENIED);
    expect(counter.take()).toHaveLength(100);
  });

  it('S12: is kept while it cannot be written down', () => {
    const counter = new RefusalCounter();
    counter.note(subject(VIC), DENIED);
    const taken = counter.take();
    counter.note(subject(VIC), DENIED);
    counter.giveBack(taken);
    expect(counter.take()).toEqual([{ actor: VIC, command: 'signing.close', ...DENIED, count: 2 }]);
  });
});
