import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PLATFORM, makeSealingPair } from '@plexsphere/wire';
import { readBundle } from '@plexsphere/wire/jws';
import { TestMesh } from '../../testing/test-mesh';
import { parseEnrolment, readEnrolment } from './enrolment';

const NOW = new Date('2026-03-01T12:00:00Z');
let folder: string;
let mesh: TestMesh;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plexsphere-'));
  mesh = await TestMesh.create(NOW);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function fileOf(text: string, mode: number): Promise<string> {
  const file = join(folder, `${mode}.node.json`);
  await writeFile(file, text);
  await chmod(file, mode);
  return file;
}

test.each([0o600, 0o400, 0o700])('a file of mode %o is read', async (mode) => {
  const enrolment = await readEnrolment(await fileOf(await mesh.enrolment(NOW), mode));
  expect(enrolment).toMatchObject({ nodeId: mesh.nodeId, scope: mesh.ring.scope, servers: ['127.0.0.1:4222'] });
  expect(readBundle(enrolment.bundle).keys).toMatchObject([{ key_id: 'key-1' }]);
});

test.each([0o640, 0o604, 0o620, 0o644, 0o601])(
  'a file of mode %o, which others can get at, is refused',
  async (mode) => {
    const file = await fileOf(await mesh.enrolment(NOW), mode);
    await expect(readEnrolment(file)).rejects.toMatchObject({ code: 'enrolment_readable_by_others' });
  },
);

test('a file that is not there', () =>
  expect(readEnrolment(join(folder, 'nothing'))).rejects.toMatchObject({ code: 'enrolment_unreadable' }));

test.each<[string, object]>([
  ['node_id', { node_id: 'node-1' }],
  ['scope', { scope: 'issuer:tokens' }],
  ['name', { name: '../node' }],
  ['servers', { servers: [] }],
  ['servers', { servers: ['localhost'] }],
  ['bus_credential', { bus_credential: '' }],
  ['bundle', { bundle: 'e30.e30.e30' }],
  ['bundle', { scope: 'platform' }],
])('a %s that is none: %j', async (member, members) => {
  const text = await mesh.enrolment(NOW, members);
  expect(() => parseEnrolment(text)).toThrow(expect.objectContaining({ code: 'enrolment_malformed', about: member }));
});

test.each(['', 'null', '[]', '"text"', '{"bus_credential":"a secret"'])('what is no enrolment: %s', (text) => {
  expect(() => parseEnrolment(text)).toThrow(expect.objectContaining({ code: 'enrolment_malformed' }));
  expect(() => parseEnrolment(text)).toThrow(
    expect.not.objectContaining({ message: expect.stringContaining('secret') }),
  );
});

describe("of a channel's member", () => {
  const sealing_private_key = makeSealingPair().privateKey;
  const channel = { slug: 'chat-plugin', side: 'backend', sealing_private_key };
  const enrolled = async (over: object = {}, scope = PLATFORM) =>
    parseEnrolment(await (await TestMesh.create(NOW, scope)).enrolment(NOW, { channel: { ...channel, ...over } }));

  test.each([
    [{}, false],
    [{ sink: true }, true],
    [{ sink: false }, false],
  ])('which end it is, and how it opens what it is sent: %j', async (over, sink) => {
    expect(await enrolled(over)).toMatchObject({
      channel: { slug: 'chat-plugin', side: 'backend', sealingPrivateKey: sealing_private_key, sink },
    });
  });

  test.each<[string, object]>([
    ['channel.slug', { slug: 'Chat' }],
    ['channel.side', { side: 'back-end' }],
    ['channel.sealing_private_key', { sealing_private_key: `${sealing_private_key.slice(0, -2)}x=` }],
    ['channel.sealing_private_key', { sealing_private_key: undefined }],
    ['channel.sink', { sink: 'yes' }],
  ])('a %s that is none: %j', async (about, over) => {
    const refused = expect.objectContaining({ code: 'enrolment_malformed', about });
    await expect(enrolled(over)).rejects.toEqual(refused);
  });

  test('one of a Domain is none, and what is no object', async () => {
    const refused = expect.objectContaining({ code: 'enrolment_malformed', about: 'channel' });
    await expect(enrolled({}, mesh.ring.scope)).rejects.toEqual(refused);
    const platform = await TestMesh.create(NOW, PLATFORM);
    const text = await platform.enrolment(NOW, { channel: 'chat' });
    expect(() => parseEnrolment(text)).toThrow(refused);
  });
});
