import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BootstrapFolder } from './bootstrap-folder';

const folder = mkdtempSync(join(tmpdir(), 'plexsphere-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

writeFileSync(
  join(folder, 'databases.env'),
  `# by service
ROTATION_DATABASE_URL=postgres://plexsphere_rotation:a%40b@127.0.0.1:1111/plexsphere
SIGNER_DATABASE_URL='postgres://plexsphere_signer:secret@127.0.0.1:1111/plexsphere'
`,
);
const bootstrap = new BootstrapFolder(folder);
const server = 'postgres://owner:other@127.0.0.1:2222/plexsphere';

test('a role has its own password, and the port where the server is now', () => {
  const url = 'postgres://plexsphere_rotation:a%40b@127.0.0.1:2222/plexsphere';
  expect(bootstrap.databaseUrl('rotation', server)).toBe(url);
  expect(bootstrap.databaseUrl('signer', server)).toBe('postgres://plexsphere_signer:secret@127.0.0.1:2222/plexsphere');
  expect(() => bootstrap.databaseUrl('outbox-relay', server)).toThrow(/RELAY_DATABASE_URL/);
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
