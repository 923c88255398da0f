import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
