import { parseCreds } from '@plexsphere/testkit';
import { readFileSync, readdirSync } from 'node:fs';
import { join, dirname } from 'node:path';
import { SERVICE_NAMES } from '@plexsphere/wire';
import type { Step } from '../../src/tell-story';
import type { World } from '../../src/world';
import { admin, bootstrapFile, people, said } from './hands';

export const step: Step = async (world) => {
  const secrets = await everySecret(world);
  expect(secrets.size).toBeGreaterThan(20);
  expect([...secrets.values()].filter((secret) => secret.length < 16)).toEqual([]);
  const texts = { ...logs(world), ...commandLines(), ...(await rows(world)), 'plexctl said': said(world).join('\n') };
  const found = Object.entries(texts).flatMap(([where, text]) =>
    [...secrets].filter(([, secret]) => text.includes(secret)).map(([name]) => `${name} in ${where}`),
  );
  expect(found).toEqual([]);
  // Where nothing was read, nothing could be found.
  expect(Object.values(texts).filter((text) => text.length > 0).length).toBeGreaterThan(15);
};

/** Name → the very value. */
async function everySecret(world: World): Promise<Map<string, string>> {
  const secrets = new Map<string, string>();
  for (const name of [...SERVICE_NAMES, 'account-pusher']) {
    secrets.set(`the bus seed of ${name}`, parseCreds(await bootstrapFile(world, `${name}.creds`)).seed);
  }
  for (const name of ['kek', 'recovery-key.passphrase']) secrets.set(name, (await bootstrapFile(world, name)).trim());
  const { ciphertext } = JSON.parse(await bootstrapFile(world, 'recovery-key.json')) as { ciphertext: string };
  secrets.set('recovery-key.json', ciphertext);
  for (const kind of ['owner', ...SERVICE_NAMES] as const) {
    secrets.set(`the database password of ${kind}`, new URL(world.stack.databaseUrl(kind)).password);
  }
  for (const [name, { creds, bearer }] of [...people(world), ['the admin', await admin(world)] as const]) {
    secrets.set(`the bus seed of ${name}`, parseCreds(creds).seed);
    if (bearer !== undefined) secrets.set(`the bearer of ${name}`, bearer);
  }
  return secrets;
}

function logs(world: World): Record<string, string> {
  const folder = join(dirname(world.stack.tokenFile), '..', 'logs');
  const files = readdirSync(folder).map((name) => join(folder, name));
  const others = world.stack.processes().map((each) => each.log.path);
  return Object.fromEntries([...new Set([...files, ...others])].map((path) => [path, readFileSync(path, 'utf8')]));
}

/** Of every process of this machine, ours among them. */
function commandLines(): Record<string, string> {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return Object.fromEntries(
    pids.flatMap((pid) => {
      try {
        return [[`the command line of ${pid}`, readFileSync(`/proc/${pid}/cmdline`, 'utf8')]];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    }),
  );
}

async function rows(world: World): Promise<Record<string, string>> {
  const tables = await world.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname IN ('ring', 'outbox', 'material')`,
  );
  const texts = tables.map(async ({ name }) => {
    const found = await world.query<{ text: string }>(`SELECT t::text AS text FROM ${name} t`);
    return [`the rows of ${name}`, found.map((row) => row.text).join('\n')] as const;
  });
  return Object.fromEntries(await Promise.all(texts));
}
