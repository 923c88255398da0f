/** A host against a platform that is played and a real bus: what it asks for, whom it believes, and what it goes on by. */
import { mkdirSync, rmSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBusKey, PLATFORM } from '@plexsphere/wire';
import { endBus, eventually, startedBus, TestRings } from '@plexsphere/testkit';
import type { NatsServer } from '@plexsphere/stack';
import { PlayedPlatform } from '../testing/played-platform';
import { openEdgeAgent, type EdgeAgent, type EdgeObserver } from './edge-agent';
import { adoptNode, enrolByToken } from './enrol';
import { readHeld } from './folder/edge-folder';

jest.setTimeout(240_000); // the first run on a machine downloads the server

const RUN = '0d6f8a52-7a43-4a1f-8f5e-3f4f3d1a9e11';
const HOUR_MS = 3_600_000;

let scratch: string;
let bus: NatsServer;
let bundle: string;
let platform: PlayedPlatform;
let folder: string;
let agent: EdgeAgent | undefined;

beforeAll(async () => {
  bus = await startedBus();
  const rings = new TestRings();
  await rings.create(PLATFORM, 'platform-1');
  bundle = await rings.bundle(PLATFORM, new Date());
});

afterAll(() => endBus(bus));

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'plexsphere-'));
  folder = join(scratch, 'state');
  platform = await PlayedPlatform.start({ scope: PLATFORM, bundle, servers: [`${bus.host}:${bus.port}`] });
});

afterEach(async () => {
  await agent?.stop();
  agent = undefined;
  await platform.stop();
  await rm(scratch, { recursive: true, force: true });
});

const access = () => ({ folder, gateways: [platform.url], allowPlaintext: false });

async function enrolled(token = 'token', replace = false) {
  platform.enrolmentTokens.add(token);
  return enrolByToken({ ...access(), token, name: 'edge-1', replace });
}

async function opened(observer: EdgeObserver = {}): Promise<EdgeAgent> {
  return (agent = await openEdgeAgent({ folder, ...observer }));
}

async function running(observer: EdgeObserver = {}): Promise<EdgeAgent> {
  const started = await opened(observer);
  await started.start(() => Promise.resolve());
  await eventually(async () => (await started.status()).connected);
  return started;
}

const rotate = (by: EdgeAgent) => by.rotateKeys({ keepOldMs: HOUR_MS });
const isPlatforms = async () => {
  const held = await readHeld(folder);
  expect(held?.creds.token).toBe(platform.active.token);
  expect(held?.pending).toBeUndefined();
};

describe('enrolling', () => {
  test('by a token, of which the answer was lost: the same token has the same answer', async () => {
    platform.moment = (_, when) => (when === 'done' ? 'hang up' : undefined);
    await expect(enrolled()).rejects.toMatchObject({ code: 'unanswered' });
    platform.moment = () => undefined;
    const status = await enrolByToken({ ...access(), token: 'token', name: 'edge-1', replace: false });
    expect(status).toMatchObject({ node_id: platform.nodeId, generation: 1, status: 'active', pending: null });
    await isPlatforms();
  });

  test('where a Node is already, only in its place: it is put aside, with its keys', async () => {
    const first = await enrolled();
    await expect(enrolled('another')).rejects.toMatchObject({ code: 'already_enrolled' });
    const second = await enrolled('another', true);
    expect(second.node_id).not.toBe(first.node_id);
    const aside = (await readdir(folder)).find((name) => name.startsWith('replaced-'));
    expect(await readdir(join(folder, aside!))).toEqual(expect.arrayContaining(['identity.json', 'node.creds']));
    await isPlatforms();
  });

  test('by a token that is over: refused, and the next one is asked with a key of its own', async () => {
    const over = enrolByToken({ ...access(), token: 'over', name: 'edge-1', replace: false });
    await expect(over).rejects.toMatchObject({ code: 'refused', about: 'signing: enrolment token over' });
    await expect(enrolled()).resolves.toMatchObject({ generation: 1 });
  });

  test('a Node that was added takes a key that nobody else has had', async () => {
    const given = platform.addNode();
    const enrolment = { nodeId: platform.nodeId, scope: PLATFORM, name: 'edge-1', bundle };
    const adopt = () =>
      adoptNode({
        ...access(),
        enrolment: { ...enrolment, servers: [`${bus.host}:${bus.port}`], busCredential: given },
        keepOldMs: HOUR_MS,
      });
    platform.moment = (verb, when) => (verb === 'POST key' && when === 'done' ? 'hang up' : undefined);
    await expect(adopt()).rejects.toMatchObject({ code: 'unanswered' });
    platform.moment = () => undefined;
    await expect(adopt()).resolves.toMatchObject({ generation: 1, archive: [{ generation: 0 }] });
    await expect(adopt()).rejects.toMatchObject({ code: 'already_enrolled' });
    await isPlatforms();
  });
});

describe('the folder', () => {
  test('is its owner’s alone, and so are its files', async () => {
    await enrolled();
    await rotate(await opened());
    await agent!.stop();
    for (const name of ['node.creds', 'identity.json']) {
      await chmod(join(folder, name), 0o640);
      await expect(opened()).rejects.toMatchObject({ code: 'readable_by_others' });
      await chmod(join(folder, name), 0o600);
    }
  });

  test('one agent at a time; without a Node none', async () => {
    await expect(opened()).rejects.toMatchObject({ code: 'not_enrolled' });
    await enrolled();
    await opened();
    await expect(openEdgeAgent({ folder })).rejects.toMatchObject({ code: 'state_in_use' });
  });

  test.each<[string, (text: string) => string, string]>([
    ['whose seed is another key’s', (text) => text.replace(/^SU\w+$/m, createBusKey('user').seed), 'creds_disagree'],
    ['cut short', (text) => text.slice(0, 200), 'state_damaged'],
    ['without its last line', (text) => text.trimEnd().split('\n').slice(0, -1).join('\n'), 'state_damaged'],
  ])('node.creds %s is refused', async (_, change, code) => {
    await enrolled();
    const file = join(folder, 'node.creds');
    await writeFile(file, change(await readFile(file, 'utf8')));
    await expect(opened()).rejects.toMatchObject({ code });
  });
});

describe('a change', () => {
  beforeEach(() => enrolled());

  test.each([-86_400_000, 86_400_000])('comes about though the clock is %d ms off', async (aheadMs) => {
    platform.aheadMs = aheadMs;
    await expect(rotate(await opened())).resolves.toMatchObject({ generation: 2, confirmed: true });
    await agent!.refreshToken();
    await isPlatforms();
  });

  test.each([
    ['signing: revocation list full', () => (platform.isListFull = true), () => (platform.isListFull = false)],
    ['signing: node revoked', () => (platform.isRevoked = true), () => (platform.isRevoked = false)],
  ])('that is refused (%s) has changed nothing on either side', async (about, refuse, relent) => {
    const before = await readFile(join(folder, 'node.creds'), 'utf8');
    refuse();
    await expect(rotate(await opened())).rejects.toMatchObject({ code: 'refused', about });
    expect(await readFile(join(folder, 'node.creds'), 'utf8')).toBe(before);
    expect(platform.keys).toHaveLength(1);
    relent();
    await expect(rotate(agent!)).resolves.toMatchObject({ generation: 2 });
    await isPlatforms();
  });

  test('keeps the old key for as long as it was told, and no longer', async () => {
    await (await opened()).rotateKeys({ keepOldMs: 1 });
    await agent!.rotateKeys({ keepOldMs: HOUR_MS });
    await agent!.stop();
    const started = await running();
    await eventually(async () => (await started.status()).archive.length === 1);
    expect((await started.status()).archive).toMatchObject([{ generation: 2 }]);
    expect(await readdir(join(folder, 'archive'))).toHaveLength(1);
  });

  test('whose answer the disk does not take is gone on by all the same, and written once it does', async () => {
    const failed = jest.fn();
    const started = await running({ onFailed: failed });
    platform.moment = (verb, when) => {
      if (verb !== 'POST key' || when !== 'done') return undefined;
      platform.moment = () => undefined;
      rmSync(inTheWay(folder));
      mkdirSync(inTheWay(folder));
      return undefined;
    };
    await expect(rotate(started)).rejects.toMatchObject({ code: 'store_failed' });
    expect(await started.status()).toMatchObject({ generation: 2, connected: true, pending: 'key-change' });
    await unblockReserved(folder);
    await started.refreshToken();
    await isPlatforms();
    expect((await started.status()).archive).toMatchObject([{ generation: 1 }]);
  });
});

describe('a gateway that lies', () => {
  let liar: Server;
  let lie: (response: ServerResponse) => void;
  beforeEach(async () => {
    await enrolled();
    liar = createServer((request, response) => void request.resume().on('end', () => lie(response)));
    await new Promise<void>((resolve) => liar.listen(0, '127.0.0.1', resolve));
    const file = join(folder, 'identity.json');
    const identity = JSON.parse(await readFile(file, 'utf8')) as { gateways: string[] };
    identity.gateways.unshift(`http://127.0.0.1:${(liar.address() as AddressInfo).port}`);
    await writeFile(file, JSON.stringify(identity));
  });
  afterEach(() => new Promise((resolve) => liar.close(resolve)));

  const says = (status: number, body: unknown) => (response: ServerResponse) =>
    void response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
  const forged = (members: object = {}) => ({
    ...{ node_id: platform.nodeId, generation: 2, rotate_after: '2030-01-01T00:00:00Z' },
    ...{ token: platform.active.token, ...members },
  });

  test.each<[string, () => unknown]>([
    ['rubbish', () => 'rubbish'],
    ['nothing of it', () => ({})],
    ['too much', () => 'x'.repeat(300_000)],
    ['the token of another key', () => forged()],
    ['a token that nobody has signed', () => forged({ token: platform.tokenBy(createBusKey('account')) })],
    ['another Node', () => forged({ node_id: RUN })],
    ['another generation', () => forged({ generation: 7 })],
  ])('and answers %s is passed over for the next one', async (_, body) => {
    lie = says(200, body());
    await expect(rotate(await opened())).resolves.toMatchObject({ generation: 2 });
    await isPlatforms();
  });

  test('and hangs up, or says that it cannot, is passed over, too', async () => {
    lie = (response) => response.destroy();
    await rotate(await opened());
    lie = says(503, { detail: 'signing: node revoked?' });
    await rotate(agent!);
    await isPlatforms();
  });

  test('alone keeps the host waiting, and takes nothing from it', async () => {
    lie = says(200, forged());
    platform.moment = () => 'hang up';
    const before = await readFile(join(folder, 'node.creds'), 'utf8');
    await expect(rotate(await opened())).rejects.toMatchObject({ code: 'answer_malformed' });
    expect(await readFile(join(folder, 'node.creds'), 'utf8')).toBe(before);
    expect((await agent!.status()).pending).toBe('key-change');
    platform.moment = () => undefined;
    await agent!.refreshToken();
    expect((await agent!.status()).generation).toBe(2);
    await isPlatforms();
  });
});

describe('the agent', () => {
  beforeEach(() => enrolled());

  test('changes its key when a fleet run waits for it', async () => {
    platform.due = RUN;
    const changed = jest.fn();
    await running({ onChanged: changed });
    await eventually(() => changed.mock.calls.length === 1);
    expect(changed).toHaveBeenCalledWith(expect.objectContaining({ what: 'key', why: 'fleet', generation: 2 }));
    expect(platform.due).toBeNull();
    await isPlatforms();
  });

  test('confirms a change soon whose confirmation nobody has answered: the run waits for it', async () => {
    let isAnswered = false;
    platform.moment = (verb) => (verb === 'POST key/confirm' && !isAnswered ? 'hang up' : undefined);
    platform.due = RUN;
    const started = await running();
    await eventually(async () => (await started.status()).pending !== null && platform.keys.length === 2);
    await eventually(() => platform.asked.filter((verb) => verb === 'POST key/confirm').length > 1);
    isAnswered = true;
    await eventually(async () => (await readHeld(folder))?.pending === undefined);
    await isPlatforms();
  });

  test('tells the run why it cannot, and changes it once it can', async () => {
    await blockReserved(folder);
    platform.due = RUN;
    const started = await running();
    await eventually(() => platform.failed !== null);
    expect(platform.failed).toEqual({ run: RUN, reason: 'store_failed' });
    expect(platform.keys).toHaveLength(1);
    await unblockReserved(folder);
    await eventually(async () => (await started.status()).generation === 2);
  });

  test('has another token before the one that it holds is over, and its stream does not notice', async () => {
    platform.tokenLifeS = 3;
    const changed = jest.fn();
    const out = jest.fn();
    const started = await running({ onChanged: changed, onDisconnected: out });
    await started.refreshToken();
    await eventually(() => changed.mock.calls.length >= 3);
    expect(changed).toHaveBeenLastCalledWith(expect.objectContaining({ what: 'token', why: 'due', confirmed: true }));
    expect(out).not.toHaveBeenCalled();
  });

  test('is not stopped by one gateway’s word while the bus lets it in, and is when the bus does not', async () => {
    const over = jest.fn();
    const failed = jest.fn();
    platform.isRevoked = true;
    await running({ onOver: over, onFailed: failed });
    await eventually(() => failed.mock.calls.length > 0);
    expect(over).not.toHaveBeenCalled();
    await bus.kill();
    await eventually(() => over.mock.calls.length > 0);
    await bus.start();
    expect(over.mock.calls).toEqual([[{ status: 'revoked' }]]);
  });

  test('says that its key is not the Node’s any more', async () => {
    platform.replacedByAThief();
    await expect(rotate(await opened())).rejects.toMatchObject({ about: 'signing: node key superseded' });
    expect((await agent!.status()).status).toBe('superseded');
    await agent!.stop();
    expect((await readHeld(folder))?.standing.status).toBe('superseded');
  });

  test('leaves, and leaves nothing behind', async () => {
    const started = await running();
    await rotate(started);
    await started.logout({ localOnly: false });
    await started.stop();
    expect(platform.isRevoked).toBe(true);
    expect(await readdir(folder)).toEqual([]);
  });

  test('leaves here alone where nobody is to be told', async () => {
    const asked = platform.asked.length;
    await (await opened()).logout({ localOnly: true });
    expect(platform.asked).toHaveLength(asked);
    expect(platform.isRevoked).toBe(false);
  });
});

/** Stands where the room for new credentials is made: what is written there is refused, of whoever. */
const inTheWay = (of: string): string => join(of, '.node.creds.reserved');
async function blockReserved(of: string): Promise<void> {
  await rm(inTheWay(of), { force: true });
  await mkdir(inTheWay(of));
}
const unblockReserved = (of: string): Promise<void> => rmdir(inTheWay(of));
