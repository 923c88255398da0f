import {
  COMMAND_NAMES,
  EVENT_STREAM,
  PLATFORM,
  TRAFFIC,
  USER_KINDS,
  busPermissions,
  credentialFile,
  inboxOf,
  isHttpCommand,
  matches,
  trafficOn,
} from '@plexsphere/wire';
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
  'http.*.wireguard',
  'http.*.enroll',
  'http.*.key',
  'http.*.confirm',
  'http.*.token',
  'http.*.logout',
  'http.*.channel',
  'http.*.deregister',
  'rotation.register',
  'http.command.issuer.show',
  'http.command.signing.close',
  'http.command.signing.revoke',
  'http.command.signing.rotate',
  'http.command.signing.stage',
  'http.command.signing.unstage',
  'rotation.renew-lease.gateway.*',
  'signer.scope.platform.sign-bundle',
  'signer.scope.*.sign-jwt',
];
const MAY_HEAR = ['node.*.http', 'http.*.seen', 'changed.ring', '_INBOX.gateway.>'];
/** Nothing of an operator, a lease, the audit log, or who made whom. */
const MAY_READ = ['client', 'gone', 'issuer', 'node', 'retiring', 'ring', 'ring_change', 'sent'].map(
  (view) => `read gateway.${view}`,
);
/** The one thing that it may write: that an assertion was shown. */
const MAY_CALL = ['call gateway.use_assertion(text,text,text,timestamp with time zone)'];

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
    // Where somebody else waits for an answer, its own kind among them.
    ...USER_KINDS.map((kind) => `${inboxOf(kind)}.x`),
    ...['STREAM.INFO', 'STREAM.PURGE', 'STREAM.DELETE', 'CONSUMER.CREATE', 'DIRECT.GET'].map(
      (call) => `$JS.API.${call}.${EVENT_STREAM.name}`,
    ),
    // Commands that are not offered over HTTP.
    ...COMMAND_NAMES.filter((name) => !isHttpCommand(name)).map((name) => `http.command.${name}`),
    '$JS.API.INFO',
    '$KV.any.key',
  ]);
  const heard = TRAFFIC.map(({ subject, heardAs }) => (heardAs ?? subject).replaceAll('{own}', '*'));
  const hear = mayNot(MAY_HEAR, [...new Set(heard), '_INBOX.>', 'node.>', 'node.*.*', '$SYS.>', '$JS.>', '>']);
  expect(say.length).toBeGreaterThan(20);
  expect(say.every((subject) => trafficOn(subject)?.speakers.includes('gateway') !== true)).toBe(true);
  expect(await allowed(bus, { hear, say })).toEqual([]);
  const could = await couldDo(world.stack.databaseUrl('gateway'), world.stack.databaseUrl('owner'));
  expect(could.sort()).toEqual([...MAY_CALL, ...MAY_READ]);
};

/** Everything that there is, one statement for each thing that somebody might do with it. */
const EVERYTHING = `
  WITH relation AS (
    SELECT format('%I.%I', n.nspname, c.relname) AS name, c.oid, c.relkind,
           (SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = c.oid AND attnum = 1) AS first
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  ), own AS (SELECT * FROM relation WHERE relkind IN ('r', 'v', 'm', 'p'))
  SELECT 'read ' || name AS what, format('SELECT FROM %s LIMIT 0', name) AS statement FROM own
  UNION ALL SELECT 'read a column of ' || name, format('SELECT %I FROM %s LIMIT 0', a.attname, name)
    FROM own JOIN pg_attribute a ON a.attrelid = own.oid AND a.attnum > 0 AND NOT a.attisdropped
   WHERE name NOT LIKE 'gateway.%'
  UNION ALL SELECT 'write ' || name, format('INSERT INTO %s DEFAULT VALUES', name) FROM own
  UNION ALL SELECT 'change ' || name, format('UPDATE %s SET %2$s = %2$s', name, first) FROM own
  UNION ALL SELECT 'delete ' || name, format('DELETE FROM %s', name) FROM own
  UNION ALL SELECT 'lock ' || name, format('LOCK TABLE %s IN ROW EXCLUSIVE MODE', name) FROM own
  UNION ALL SELECT 'count on ' || name, format('SELECT nextval(%L)', name) FROM relation WHERE relkind = 'S'
  UNION ALL SELECT 'call ' || p.oid::regprocedure::text, format('SELECT %I.%I(%s)', n.nspname, p.proname,
      (SELECT string_agg('NULL::' || format_type(t, NULL), ', ' ORDER BY o) FROM unnest(p.proargtypes) WITH ORDINALITY u(t, o)))
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
   WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  UNION ALL SELECT 'make something in ' || nspname, format('CREATE TABLE %I.mine ()', nspname) FROM pg_namespace
   WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
  UNION ALL SELECT 'be ' || rolname, format('SET ROLE %I', rolname) FROM pg_roles
   WHERE rolname !~ '_gateway$' AND rolname !~ '^pg_'
  UNION ALL SELECT 'call ' || f, 'SELECT ' || f FROM unnest(ARRAY['pg_advisory_lock(1)', 'pg_try_advisory_lock(1)',
    'pg_advisory_xact_lock_shared(1)', 'pg_read_file(''PG_VERSION'')', 'pg_ls_dir(''.'')', 'lo_create(0)',
    'pg_reload_conf()', 'pg_switch_wal()', 'pg_create_restore_point(''mine'')']) f
  UNION ALL SELECT 'end another session', $$SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE usename <> current_user AND pid <> pg_backend_pid() LIMIT 1$$
  UNION ALL SELECT 'run a program', $$COPY (SELECT 1) TO PROGRAM 'true'$$`;

/** And of a view that nobody can change: object_not_in_prerequisite_state. */
const REFUSED = new Set([DENIED, '55000']);

/** What the role may do of it. */
async function couldDo(url: string, ownerUrl: string): Promise<string[]> {
  const clients = [url, ownerUrl].map((connectionString) => new Client({ connectionString }));
  const [gateway, owner] = clients;
  await Promise.all(clients.map((client) => client.connect()));
  try {
    const { rows } = (await owner!.query(EVERYTHING)) as { rows: { what: string; statement: string }[] };
    expect(rows.length).toBeGreaterThan(300);
    const { rows: own } = (await gateway!.query('SELECT current_user AS name')) as { rows: { name: string }[] };
    const could: string[] = [];
    for (const { what, statement } of rows) {
      await gateway!.query('BEGIN');
      const code = await gateway!.query(statement).then(
        () => 'done',
        (error: { code: string }) => error.code,
      );
      await gateway!.query('ROLLBACK');
      if (!REFUSED.has(code) && what !== `be ${own[0]?.name}`) could.push(code === 'done' ? what : `${what}: ${code}`);
    }
    return could.sort();
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
}
