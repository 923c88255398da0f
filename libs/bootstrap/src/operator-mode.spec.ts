// The files of a bring-up on a real bus: its configuration, the account that rotation pushes, each credential.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NatsServer } from '@plexsphere/stack';
import { endBus, temporaryFolder, testDatabase } from '@plexsphere/testkit';
import { BRING_UP_FILES as FILES, credentialFile, inboxPrefix, subjects } from '@plexsphere/wire';
import { connect, credsAuthenticator, type NatsConnection } from 'nats';
import { DataSource } from 'typeorm';
import { bootstrap } from './index';

jest.setTimeout(120_000);

const folder = temporaryFolder();

it('admits the account pusher at first, and everybody else once the account is there', async () => {
  const out = join(folder, 'out');
  const { url: databaseUrl, drop } = await testDatabase({ name: 'empty', prepare: () => Promise.resolve() });
  const bus = await NatsServer.create(join(folder, 'bus'), { configFile: join(out, FILES.natsServer) });
  const connections: NatsConnection[] = [];
  const open = async (creds: string, prefix: string): Promise<NatsConnection> => {
    const authenticator = credsAuthenticator(Buffer.from(creds));
    const connection = await connect({ servers: bus.url, authenticator, inboxPrefix: prefix, reconnect: false });
    connections.push(connection);
    return connection;
  };
  const fileOf = (name: string): Promise<string> => readFile(join(out, name), 'utf8');

  try {
    await bootstrap({ databaseUrl, out });
    await bus.start();
    const rotationCreds = await fileOf(credentialFile('rotation'));
    const early = open(rotationCreds, inboxPrefix({ kind: 'rotation' }));
    await expect(early).rejects.toMatchObject({ code: 'AUTHORIZATION_VIOLATION' });

    const database = await new DataSource({ type: 'postgres', url: databaseUrl }).initialize();
    const [row] = await database.query<{ jwt: string }[]>('SELECT bus_account_jwt AS jwt FROM ring.installation');
    await database.destroy();
    const pusher = await open(await fileOf(FILES.accountPusher), '_INBOX.account-pusher');
    const pushed = await pusher.request('$SYS.REQ.CLAIMS.UPDATE', row?.jwt);
    expect(pushed.json()).toMatchObject({ data: { code: 200 } });

    await open(await fileOf(credentialFile('signer')), inboxPrefix({ kind: 'signer' }));
    await open(await fileOf(credentialFile('outbox-relay')), inboxPrefix({ kind: 'outbox-relay' }));
    const rotation = await open(rotationCreds, inboxPrefix({ kind: 'rotation' }));
    rotation.subscribe(subjects.everyCommand('*'), { callback: (_, message) => void message.respond(message.subject) });
    await rotation.flush();
    const { operator: id, bus_credential: creds } = JSON.parse(await fileOf(FILES.adminToken)) as Record<
      string,
      string
    >;
    const admin = await open(creds ?? '', inboxPrefix({ kind: 'operator', id: id ?? '' }));
    const command = subjects.command(id ?? '', 'signing.ring');
    expect((await admin.request(command)).string()).toBe(command);
  } finally {
    await Promise.all(connections.map((connection) => connection.close()));
    await Promise.all([endBus(bus), drop()]);
  }
});
