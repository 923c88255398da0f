import { Sink } from '../testing/surroundings';
import { Failure } from './failure';
import { listed, printable, Terminal } from './terminal';

describe('the terminal', () => {
  it('writes a failure as lines that a script can read', () => {
    const stderr = new Sink();
    new Terminal(new Sink(), stderr).failure(
      new Failure(1, 'signing: nodes lagging', { field: 'scope', lagging: ['a', 'b'] }, 'wait'),
    );
    expect(stderr.text).toBe('plexctl: signing: nodes lagging\n  field: scope\n  lagging: a, b\nhint: wait\n');
  });

  it('lets nobody forge a line or steer it', () => {
    expect(printable('x\nhint: \u001b[2J\u009b')).toBe('x\\x0ahint: \\x1b[2J\\x9b');
  });

  it('survives a reader that goes away, and nothing else', () => {
    const stdout = new Sink();
    new Terminal(stdout, new Sink());
    expect(() => stdout.emit('error', Object.assign(new Error(), { code: 'EPIPE' }))).not.toThrow();
    expect(() => stdout.emit('error', Object.assign(new Error('full'), { code: 'ENOSPC' }))).toThrow('full');
  });

  it('cuts long lists', () => {
    const names = Array.from({ length: 12 }, (_, index) => `n${index}`);
    expect(listed(names.slice(0, 2))).toBe('n0, n1');
    expect(listed(names)).toContain('n9 and 2 more');
  });
});
