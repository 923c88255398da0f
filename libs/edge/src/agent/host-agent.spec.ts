import { eventually, temporaryFolder } from '@plexsphere/testkit';
import type { EdgeAgent, EdgeObserver } from '../edge-agent';
import { EdgeError } from '../edge-error';
import type { EdgeChanged, EdgeStatus } from '../types';
import { askAgent } from './ask-agent';
import { hostAgent } from './host-agent';
import { edgeSightings, type Sighting } from './sightings';

const folder = temporaryFolder();
const NODE_ID = '0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b2';
const CHANGED: EdgeChanged = {
  ...{ node_id: NODE_ID, generation: 1, key_fingerprint: 'SHA256:x', token_expires: null },
  ...{ confirmed: true, archived: null },
};

/** One that does nothing but note what it was told to. */
class NotingAgent implements EdgeAgent {
  readonly told: string[] = [];
  constructor(private readonly failsAt?: string) {}

  status = (): Promise<EdgeStatus> => this.tell('status').then(() => ({ node_id: NODE_ID }) as EdgeStatus);
  start = (): Promise<void> => this.tell('start');
  stop = (): Promise<void> => this.tell('stop');
  logout = ({ localOnly }: { localOnly: boolean }): Promise<void> => this.tell(`logout ${localOnly}`);
  rotateKeys = ({ keepOldMs }: { keepOldMs: number }): Promise<EdgeChanged> =>
    this.tell(`rotate ${keepOldMs}`).then(() => CHANGED);
  refreshToken = (): Promise<EdgeChanged> => this.tell('refresh').then(() => CHANGED);

  private tell(what: string): Promise<void> {
    this.told.push(what);
    return what === this.failsAt ? Promise.reject(new EdgeError('disk_full', 'ENOSPC')) : Promise.resolve();
  }
}

const handler = (): Promise<void> => Promise.resolve();

/** Runs until what is done with it has been done. */
async function hosting(agent: NotingAgent, act: () => Promise<void>): Promise<string> {
  const stop = new AbortController();
  const ended = hostAgent(agent, { folder, handler, stop: stop.signal });
  await eventually(() => agent.told.includes('start'));
  await act();
  stop.abort();
  return ended;
}

it('does what commands of its host ask, and nothing after it was stopped', async () => {
  const agent = new NotingAgent();
  const how = await hosting(agent, async () => {
    expect(await askAgent(folder, { ask: 'status' })).toEqual({ node_id: NODE_ID });
    expect(await askAgent(folder, { ask: 'rotate', keep_old_ms: 60_000 })).toEqual(CHANGED);
    expect(await askAgent(folder, { ask: 'refresh' })).toEqual(CHANGED);
  });
  expect(how).toBe('stopped');
  expect(agent.told).toEqual(['start', 'status', 'rotate 60000', 'refresh', 'stop']);
  expect(await askAgent(folder, { ask: 'status' })).toBeUndefined();
});

it('ends when it has logged out, whoever asked has its answer', async () => {
  const agent = new NotingAgent();
  const ended = hostAgent(agent, { folder, handler, stop: new AbortController().signal });
  await eventually(() => agent.told.includes('start'));
  expect(await askAgent(folder, { ask: 'logout', local_only: true })).toEqual({});
  expect(await ended).toBe('logged_out');
  expect(agent.told).toEqual(['start', 'logout true', 'stop']);
});

it('goes on where a change failed, or a logout, and says why', async () => {
  const agent = new NotingAgent('logout false');
  const how = await hosting(agent, () =>
    expect(askAgent(folder, { ask: 'logout', local_only: false })).rejects.toMatchObject({
      code: 'disk_full',
      about: 'ENOSPC',
    }),
  );
  expect(how).toBe('stopped');
});

it('lets go of the folder where it cannot start', async () => {
  const agent = new NotingAgent('start');
  const stop = new AbortController().signal;
  await expect(hostAgent(agent, { folder, handler, stop })).rejects.toMatchObject({ code: 'disk_full' });
  expect(agent.told).toEqual(['start', 'stop']);
  expect(await askAgent(folder, { ask: 'status' })).toBeUndefined();
});

describe('what is shown of it', () => {
  const shown: Sighting[] = [];
  const show = (sighting: Sighting): Promise<void> => Promise.resolve(void shown.push(sighting));
  beforeEach(() => (shown.length = 0));

  it.each<[string, (observer: EdgeObserver) => void, Sighting]>([
    ['connected', (to) => to.onConnected?.(), { what: 'connected' }],
    ['disconnected', (to) => to.onDisconnected?.(), { what: 'disconnected' }],
    [
      'another key',
      (to) => to.onChanged?.({ ...CHANGED, what: 'key', why: 'fleet' }),
      {
        what: 'rotated',
        why: 'fleet',
        generation: 1,
        key_fingerprint: 'SHA256:x',
        token_expires: null,
        confirmed: true,
      },
    ],
    [
      'another token',
      (to) => to.onChanged?.({ ...CHANGED, what: 'token', why: 'due' }),
      { what: 'token', why: 'due', generation: 1, key_fingerprint: 'SHA256:x', token_expires: null, confirmed: true },
    ],
    [
      'a change that failed',
      (to) => to.onFailed?.({ what: 'key', code: 'disk_full', about: 'ENOSPC' }),
      { what: 'failed', of: 'key', code: 'disk_full', about: 'ENOSPC' },
    ],
    ['its end', (to) => to.onOver?.({ status: 'revoked' }), { what: 'over', status: 'revoked' }],
  ])('%s', (_, happens, seen) => {
    happens(edgeSightings(show));
    expect(shown).toEqual([seen]);
  });

  it('an event fails where nobody could be shown it, anything else is let go', async () => {
    const deaf = edgeSightings(() => Promise.reject(new Error('nobody reads')));
    const event = { eventId: 'e', eventType: 't', payload: 'null', position: 1, keyId: 'k', epoch: 1 };
    await expect(deaf.handler({ ...event, scope: 'platform', issuedAt: '2026-01-01T00:00:00Z' })).rejects.toThrow();
    deaf.onOver?.({ status: 'removed' });
  });
});
