import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BootstrapFolder } from './bootstrap-folder';

const folder = mkdtempSync(join(tmpdir(), 'plexsphere-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const urlOf = (login: string, port: number): string => `postgres://${login}@127.0.0.1:${port}/plexsphere`;
writeFileSync(join(folder, 'rotation.database-url'), `${urlOf('rotation_1:a%40b', 1111)}\n`);
writeFileSync(join(folder, 'signer.database-url'), `${urlOf('signer_1:secret', 1111)}\n`);
const bootstrap = new BootstrapFolder(folder);
const server = 'postgres://owner:other@127.0.0.1:2222/plexsphere';

test('a login has its own password, and the port where the server is now', () => {
  expect(bootstrap.databaseUrl('rotation', server)).toBe(urlOf('rotation_1:a%40b', 2222));
  expect(bootstrap.databaseUrl('signer', server)).toBe(urlOf('signer_1:secret', 2222));
  expect(() => bootstrap.databaseUrl('outbox-relay', server)).toThrow(/outbox-relay.database-url/);
});

test('each service is told of its own files and of no other', () => {
  const at = { natsUrl: 'nats://127.0.0.1:3333', databaseUrl: server };
  const [rotation, signer] = [bootstrap.environment('rotation', at), bootstrap.environment('signer', at)];
  expect(rotation).toMatchObject({
    PLEXSPHERE_NATS_URL: 'nats://127.0.0.1:3333',
    PLEXSPHERE_BUS_CREDENTIAL_FILE: join(folder, 'rotation.creds'),
    PLEXSPHERE_ACCOUNT_CREDENTIAL_FILE: join(folder, 'account-pusher.creds'),
  });
  expect(rotation).not.toHaveProperty('PLEXSPHERE_KEK_FILE');
  expect(signer).toMatchObject({ PLEXSPHERE_KEK_FILE: join(folder, 'kek') });
  expect(signer).not.toHaveProperty('PLEXSPHERE_ACCOUNT_CREDENTIAL_FILE');
  expect(Object.values(signer).join()).not.toContain('owner:');
});
