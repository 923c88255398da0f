import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Stack, localFolder } from '@plexsphere/stack';
import { parseCreds } from '@plexsphere/testkit';
import { credsText, subjects } from '@plexsphere/wire';
import { Client } from 'pg';

jest.setTimeout(180_000);

/** The credential as a version made it that knew nothing of these subjects. Nobody verifies it before it is replaced. */
function asBefore(creds: string, unknown: readonly string[]): string {
  const { jwt, seed } = parseCreds(creds);
  const [head = '', payload = '', signature = ''] = jwt.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as {
    nats: Record<'pub' | 'sub', { allow: string[] }>;
  };
  for (const side of ['pub', 'sub'] as const) {
    const { allow } = claims.nats[side];
    claims.nats[side].allow = allow.filter((each) => !unknown.includes(each));
  }
  return credsText([head, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.'), seed);
}

test('a stack of an earlier version gives its services what this one says and hears, and ends what they had', async () => {
  const dir = await mkdtemp(join(localFolder, 'upgraded-'));
  const said: string[] = [];
  const stack = await Stack.create({
    ...{ dir, durable: false, temporary: true, sourceMaps: false },
    ...{ rotations: 1, signers: 1, relays: 1, gateways: 1 },
    onProgress: (text) => said.push(text),
  });
  try {
    await stack.prepare();
    const folder = dirname(stack.tokenFile);
    const unknown = [
      subjects.httpNodeKey('*', 'token'),
      subjects.nodeOrder('*'),
      subjects.scopeSigner('*', 'sign-batch'),
    ];
    const before = new Map<string, string>();
    for (const service of ['gateway', 'rotation', 'signer', 'outbox-relay']) {
      const path = join(folder, `${service}.creds`);
      const creds = asBefore(await readFile(path, 'utf8'), unknown);
      await writeFile(path, creds);
      before.set(service, parseCreds(creds).publicKey);
    }
    await stack.start();
    expect(said.filter((text) => text.includes('earlier version'))).toEqual([
      'The credential of rotation was of an earlier version: it has another.',
      'The credential of outbox-relay was of an earlier version: it has another.',
      'The credential of gateway was of an earlier version: it has another.',
    ]);
    const logged = stack.services().flatMap((service) => service.logs());
    expect(logged.filter(({ msg }) => msg === 'bus credential of an earlier version' || msg === 'bus error')).toEqual(
      [],
    );
    expect(await revoked(stack.databaseUrl('owner'))).toEqual(
      ['gateway', 'rotation', 'outbox-relay'].map((service) => before.get(service)).sort(),
    );
    await stack.stop();
    said.length = 0;
    await stack.start();
    expect(said.filter((text) => text.includes('earlier version'))).toEqual([]);
  } finally {
    await stack.remove();
  }
});

async function revoked(connectionString: string): Promise<string[]> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    const { rows } = await client.query<{ key: string }>(
      `SELECT public_key AS key FROM ring.bus_revocation WHERE kind = 'service'`,
    );
    return rows.map(({ key }) => key).sort();
  } finally {
    await client.end();
  }
}
