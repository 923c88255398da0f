import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { temporaryFolder } from '@plexsphere/testkit';
import { EXIT_CODES, exitCodeOf } from './exit-codes';
import { runEdgeAgent } from './run-edge-agent';
import { showLines } from './show-lines';

const folder = temporaryFolder();
const UNIT = resolve(__dirname, '../systemd/edge-agent.service');

/** What it writes to a stream of the process meanwhile. */
async function written(stream: 'stdout' | 'stderr', run: () => Promise<number>): Promise<[number, string]> {
  const lines: string[] = [];
  const spy = jest.spyOn(process[stream], 'write').mockImplementation((text) => {
    lines.push(String(text));
    return true;
  });
  try {
    return [await run(), lines.join('')];
  } finally {
    spy.mockRestore();
  }
}

it('ends for good where its settings are none, and names the one', async () => {
  const run = (): Promise<number> => runEdgeAgent(['--stat', folder], {});
  expect(await written('stderr', run)).toEqual([2, 'PLEXSPHERE_STAT is not a setting of this service.\n']);
});

it('ends for good where nothing is enrolled, says so, and makes nothing there', async () => {
  const [exitCode, said] = await written('stderr', () => runEdgeAgent(['--state', join(folder, 'empty')], {}));
  expect(exitCode).toBe(2);
  expect(JSON.parse(said)).toMatchObject({ service: 'edge-agent', reason: 'not_enrolled' });
  expect(readdirSync(folder)).toEqual([]);
});

it('lists its settings', async () => {
  const [exitCode, said] = await written('stdout', () => runEdgeAgent(['--help'], {}));
  expect([exitCode, said]).toEqual([0, expect.stringContaining('--state      /var/lib/plexsphere/edge')]);
});

describe('what the Node sees is printed', () => {
  it('as a document a line, with the time', async () => {
    const stream = new PassThrough();
    await showLines(stream, () => undefined)({ what: 'event', payload: 'two\nlines' });
    const [line, ...others] = String(stream.read()).split('\n');
    expect(JSON.parse(line ?? '')).toEqual({ at: expect.stringMatching(/Z$/), what: 'event', payload: 'two\nlines' });
    expect(others).toEqual(['']);
  });

  it('or has not been shown, and the agent is told that nobody reads', async () => {
    const gone = jest.fn();
    const broken = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) });
    await expect(showLines(broken, gone)({ what: 'event' })).rejects.toThrow('EPIPE');
    expect(gone).toHaveBeenCalled();
  });
});

describe('its unit', () => {
  const unit = readFileSync(UNIT, 'utf8');
  const said = (name: string): string | undefined => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1];

  it('has systemd start it again unless another start cures nothing', () => {
    expect(said('Restart')).toBe('always');
    expect(said('RestartPreventExitStatus')).toBe(`${EXIT_CODES.misconfigured} ${EXIT_CODES.over}`);
    expect(exitCodeOf('creds_disagree')).toBe(EXIT_CODES.misconfigured);
    expect(exitCodeOf('state_in_use')).toBe(EXIT_CODES.failed);
    expect(exitCodeOf('disk_full')).toBe(EXIT_CODES.failed);
  });

  it('has it say when it is ready, in a folder that is its own', () => {
    expect([said('Type'), said('NotifyAccess')]).toEqual(['notify', 'all']);
    expect([said('StateDirectory'), said('StateDirectoryMode')]).toEqual(['plexsphere/edge', '0700']);
    expect(said('ExecStart')).toContain(`--state /var/lib/${said('StateDirectory')}`);
    expect(statSync(resolve(__dirname, '../bin/edge-agent.js')).mode & 0o111).not.toBe(0);
  });
});
