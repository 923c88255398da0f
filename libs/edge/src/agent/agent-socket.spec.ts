import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { eventually, temporaryFolder } from '@plexsphere/testkit';
import { EdgeError } from '../edge-error';
import { AgentDoor } from './agent-door';
import { AGENT_SOCKET, type AgentAsk } from './agent-protocol';
import { askAgent } from './ask-agent';

const folder = temporaryFolder();
const another = temporaryFolder();
const doors: AgentDoor[] = [];
afterEach(() => Promise.all(doors.splice(0).map((door) => door.close())));

async function open(answers: (ask: AgentAsk) => Promise<unknown>): Promise<AgentDoor> {
  const door = await AgentDoor.open(folder, answers);
  doors.push(door);
  return door;
}

/** All that comes back for this, up to the end. */
function sent(text: string | Buffer): Promise<string> {
  return new Promise((resolve) => {
    let heard = '';
    const socket = connect(join(folder, AGENT_SOCKET), () => socket.write(text));
    socket.on('data', (chunk: Buffer) => (heard += chunk.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(heard));
  });
}

const caught = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'answered',
    (error: unknown) => error,
  );

test.each<AgentAsk>([
  { ask: 'status' },
  { ask: 'rotate', keep_old_ms: 86_400_000 },
  { ask: 'refresh' },
  { ask: 'logout', local_only: true },
])('$ask reaches the agent as it was asked, and the answer comes back', async (ask) => {
  await open((heard) => Promise.resolve({ heard }));
  expect(await askAgent(folder, ask)).toEqual({ heard: ask });
});

it('is for its owner alone', async () => {
  await open(() => Promise.resolve({}));
  expect(statSync(join(folder, AGENT_SOCKET)).mode & 0o777).toBe(0o600);
});

it('tells why the agent refused, with what the platform said', async () => {
  const refusal = { code: 'RESOURCE_EXHAUSTED', detail: 'signing: revocation list full', room: 0 } as const;
  await open(() => Promise.reject(new EdgeError('refused', '429', refusal)));
  expect(await caught(askAgent(folder, { ask: 'refresh' }))).toMatchObject({ code: 'refused', about: '429', refusal });
});

it('tells nothing of an error that nobody has foreseen but its name', async () => {
  await open(() => Promise.reject(new TypeError('the seed is SUAIB…')));
  const error = (await caught(askAgent(folder, { ask: 'refresh' }))) as EdgeError;
  expect(error).toMatchObject({ code: 'agent_failed', about: 'TypeError' });
  expect(error.message).not.toContain('SUAIB');
});

describe('where no agent runs', () => {
  it('says so', async () => expect(await askAgent(another, { ask: 'status' })).toBeUndefined());

  it('says so beside the socket of one that was killed, and the next one takes its place', async () => {
    const program = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
    const path = join(folder, AGENT_SOCKET);
    expect(() => execFileSync(process.execPath, ['-e', program, path], { stdio: 'ignore' })).toThrow();
    expect(statSync(path).isSocket()).toBe(true);
    expect(await askAgent(folder, { ask: 'status' })).toBeUndefined();
    await open(() => Promise.resolve('here'));
    expect(await askAgent(folder, { ask: 'status' })).toBe('here');
  });
});

describe('what is no ask is not answered', () => {
  const asked: AgentAsk[] = [];
  beforeEach(() => open((ask) => Promise.resolve(asked.push(ask))));

  it.each([
    ['no JSON', 'status\n'],
    ['no object', '["status"]\n'],
    ['another word', '{"ask":"seed"}\n'],
    ['a word of every object', '{"ask":"constructor"}\n'],
    ['a member too many', '{"ask":"status","of":"x"}\n'],
    ['no span', '{"ask":"rotate"}\n'],
    ['a span that is none', '{"ask":"rotate","keep_old_ms":-1}\n'],
    ['a span beyond a year', '{"ask":"rotate","keep_old_ms":99999999999}\n'],
    ['a switch that is none', '{"ask":"logout","local_only":"no"}\n'],
    ['a line that does not end', Buffer.alloc(2_000, 0x20)],
  ])('%s', async (_, text) => {
    expect(await sent(text)).toBe('');
    expect(asked).toEqual([]);
  });

  it('one whose line never ends keeps nobody waiting', async () => {
    const socket = connect(join(folder, AGENT_SOCKET), () => socket.write('{"ask"'));
    expect(await askAgent(folder, { ask: 'status' })).toBe(1);
    socket.destroy();
    asked.length = 0;
  });
});

describe('while it answers', () => {
  let finish: (value: string) => void;
  const begun = (): Promise<AgentAsk> =>
    new Promise((resolve) => {
      void open((ask) => {
        resolve(ask);
        return new Promise((answer) => (finish = answer));
      });
    });

  it('is not closed, and takes nothing more', async () => {
    const asked = begun();
    await eventually(() => doors.length === 1);
    const answered = askAgent(folder, { ask: 'refresh' });
    await asked;
    const closed = doors[0]?.close();
    expect(await askAgent(folder, { ask: 'status' })).toBeUndefined();
    finish('done');
    await closed;
    expect(await answered).toBe('done');
  });

  it('may lose who asked, and goes on', async () => {
    const asked = begun();
    await eventually(() => doors.length === 1);
    const socket = connect(join(folder, AGENT_SOCKET), () => socket.write('{"ask":"refresh"}\n'));
    await asked;
    socket.destroy();
    finish('done');
    await doors.pop()?.close();
  });
});

it('says that nobody knows the outcome where the agent is killed before it has answered', async () => {
  const killed = `require('net').createServer((socket) => socket.once('data', () => process.kill(process.pid, 'SIGKILL')))
    .listen(process.argv[1], () => console.log('listening'))`;
  const child = spawn(process.execPath, ['-e', killed, join(another, AGENT_SOCKET)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(child.stdout, 'data');
  expect(await caught(askAgent(another, { ask: 'refresh' }))).toMatchObject({ code: 'agent_silent' });
});

it('refuses a folder whose name is too long for a socket, by name', async () => {
  const deep = join(folder, 'd'.repeat(100));
  mkdirSync(deep);
  expect(await caught(AgentDoor.open(deep, () => Promise.resolve()))).toMatchObject({ code: 'socket_path_too_long' });
});
