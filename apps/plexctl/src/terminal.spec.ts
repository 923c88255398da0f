import { parseAllDocuments } from 'yaml';
import { Sink } from '../testing/surroundings';
import { Failure } from './failure';
import { printable } from './printable';
import { listed, Terminal } from './terminal';

describe('the terminal', () => {
  it('writes a failure as lines that a script can read', () => {
    const stderr = new Sink();
    new Terminal(new Sink(), stderr).failure(
      new Failure(1, 'signing: nodes lagging', { field: 'scope', lagging: ['a', 'b'] }, 'wait'),
    );
    expect(stderr.text).toBe('plexctl: signing: nodes lagging\n  field: scope\n  lagging: a, b\nhint: wait\n');
  });

  it('says of a list of which nothing stands that it has none', () => {
    const stderr = new Sink();
    new Terminal(new Sink(), stderr).failure(new Failure(1, 'signing: domain in use', { nodes: ['a'], keys: [] }));
    expect(stderr.text).toBe('plexctl: signing: domain in use\n  nodes: a\n  keys: none\n');
  });

  it('lets nobody forge a line or steer it', () => {
    expect(printable('x\nhint: \u001b[2J\u009b')).toBe('x\\x0ahint: \\x1b[2J\\x9b');
  });

  it('N-11: says beside the detail what is wrong', () => {
    const stderr = new Sink();
    const failure = new Failure(2, 'signing: invariant violation', { field: 'scope' }, undefined, {
      reason: '--scope takes \u202eplatform',
    });
    new Terminal(new Sink(), stderr).failure(failure);
    expect(stderr.text).toBe(
      'plexctl: signing: invariant violation (--scope takes \\u{202e}platform)\n  field: scope\n',
    );
  });

  it.each(['json', 'yaml'] as const)('N-11: says everything on stderr as %s where that is asked for', (form) => {
    const stderr = new Sink();
    const terminal = new Terminal(new Sink(), stderr);
    terminal.speak(form);
    terminal.note('two\nlines \u202e');
    const members = { field: 'scope', lagging: ['a', 'b'], code: 'FAILED_PRECONDITION' };
    terminal.failure(new Failure(1, 'signing: nodes lagging', members, 'wait', { reason: 'why' }));
    terminal.failure(new Failure(77, 'no token file', { field: 'token_file' }));
    expect(stderr.text).not.toContain('\u202e');
    const documents =
      form === 'json'
        ? stderr.text
            .trimEnd()
            .split('\n')
            .map((line) => JSON.parse(line) as object)
        : [];
    const read = form === 'json' ? documents : parseAllDocuments(stderr.text).map((one) => one.toJS() as object);
    expect(read).toEqual([
      { note: 'two\nlines \u202e' },
      {
        ...{ code: 'FAILED_PRECONDITION', detail: 'signing: nodes lagging', field: 'scope', lagging: ['a', 'b'] },
        ...{ reason: 'why', hint: 'wait', exit_code: 1 },
      },
      { code: 'UNAUTHENTICATED', detail: 'no token file', field: 'token_file', exit_code: 77 },
    ]);
  });

  it.each([
    [0, 0],
    [undefined, undefined],
    [80, 0],
    [0, 24],
  ])('N-5: draws over what it drew on a terminal that says %s columns and %s rows', (columns, rows) => {
    const screen = Object.assign(new Sink(true), { columns, rows });
    const terminal = new Terminal(screen, new Sink());
    terminal.draw(['one', 'two']);
    terminal.draw(['three']);
    expect(screen.text).toBe('one\ntwo\n\u001b[2A\r\u001b[Jthree\n');
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
