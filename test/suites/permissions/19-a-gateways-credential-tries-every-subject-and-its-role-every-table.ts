import { PLATFORM, TRAFFIC, busPermissions, credentialFile, matches, trafficOn } from '@plexsphere/wire';
import { Client } from 'pg';
import type { Step } from '../../src/tell-story';
import { allowed, bootstrapFile, dial, known } from './hands';

const GATEWAY = { kind: 'gateway' } as const;
/** SQLSTATE insufficient_privilege. */
const DENIED = '42501';

/** Whoever had a gateway's credential and its database's URL could do what stands here, and nothing else. */
const MAY_SAY = [
  'http.*.word',
  'http.*.hello',
  'http.*.ack',
  'http.called',
  'http.*.seen',
  'http.*.key',
  'http.*.deregister',
  'rotation.register',
  'rotation.renew-lease.gateway.*',
  'signer.scope.platform.sign-bundle',
];
const MAY_HEAR = ['node.*.http', 'http.*.seen', 'changed.ring', '_INBOX.gateway.>'];

export const step: Step = async (world) => {
  const may = busPermissions(GATEWAY);
  expect([may.publish.sort(), may.subscribe.sort()]).toEqual([[...MAY_SAY].sort(), [...MAY_HEAR].sort()]);
  const bus = await dial(world, await bootstrapFile(world, credentialFile('gateway')), GATEWAY);
  const node = known(world, 'edge-1').id;
  // Every way of speaking that there is, each of its names filled in.
  const subjects = TRAFFIC.map(({ subject }) =>
    subject.replace(/^signer\.scope\.\*/, `signer.scope.${world.domain}`).replaceAll(/\*|\{own\}|>/g, node),
  );
  const mayNot = (patterns: string[], all: string[]) =>
    all.filter((each) => !patterns.some((one) => matches(one, each)));
  const say = mayNot(MAY_SAY, [
    ...subjects,
    `signer.scope.${PLATFORM}.sign-jws`,
    '$SYS.REQ.CLAIMS.UPDATE',
    '_INBOX.rotation.x',
  ]);
  const heard = TRAFFIC.map(({ subject, heardAs }) => (heardAs ?? subject).replaceAll('{own}', '*'));
  const hear = mayNot(MAY_HEAR, [...new Set(heard), '_INBOX.>', 'node.>', 'node.*.*', '$SYS.>', '>']);
  expect(say.length).toBeGreaterThan(20);
  expect(say.every((subject) => trafficOn(subject)?.speakers.includes('gateway') !== true)).toBe(true);
  expect(await allowed(bus, { hear, say })).toEqual([]);
  expect(await reads(world.stack.databaseUrl('gateway'), world.stack.databaseUrl('owner'))).toEqual(['gateway']);
};

/** The schemas of which it may read anything at all. */
async function reads(url: string, ownerUrl: string): Promise<string[]> {
  const [gateway, owner] = [url, ownerUrl].map((connectionString) => new Client({ connectionString }));
  await Promise.all([gateway?.connect(), owner?.connect()]);
  const { rows } = (await owner?.query(
    `SELECT n.nspname AS schema, format('%I.%I', n.nspname, c.relname) AS name
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relkind IN ('r', 'v', 'm', 'p')`,
  )) as { rows: { schema: string; name: string }[] };
  const readable = new Set<string>();
  for (const { schema, name } of rows) {
    const code = await gateway?.query(`SELECT FROM ${name} LIMIT 0`).then(
      () => 'done',
      (error: { code: string }) => error.code,
    );
    if (code !== DENIED) readable.add(schema);
  }
  await Promise.all([gateway?.end(), owner?.end()]);
  return [...readable];
}
