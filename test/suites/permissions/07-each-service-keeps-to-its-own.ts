import { EVENT_STREAM, PLATFORM, SERVICE_NAMES, credentialFile, subjects, type ServiceName } from '@plexsphere/wire';
import { Client } from 'pg';
import type { Step } from '../../src/tell-story';
import type { World } from '../../src/world';
import { admin, allowed, bootstrapFile, dial, known } from './hands';

/** S11: what a new database lets everybody do, and no service needs to. */
const FOR_NOBODY = [
  'CREATE TEMPORARY TABLE mine (x int)',
  'CREATE TABLE public.mine ()',
  'SELECT lo_create(0)',
  'SELECT pg_advisory_lock(1)',
  'SELECT pg_advisory_xact_lock(1, 1)',
];

/** SQLSTATE insufficient_privilege. */
const DENIED = '42501';

const STATEMENTS: Record<ServiceName, string[]> = {
  rotation: [
    'SELECT FROM material.wrapped_key',
    'SELECT FROM material.bus_key',
    `UPDATE ring.installation SET bus_account_public_key = ''`,
    'UPDATE ring.audit SET actor = actor',
    `INSERT INTO ring.audit (happened_at, actor, action, scope) VALUES (now(), 'a', 'b', 'c')`,
    `UPDATE ring.operator SET role = 'admin'`,
    `UPDATE ring.signing_key SET public_key = ''`,
    'UPDATE ring.transition SET opened_at = now()',
    'UPDATE outbox.node_stream SET settled_epoch = 9',
    `UPDATE ring.node SET mesh_ip = NULL`,
    'UPDATE ring.enrol_token SET expires_at = now()',
    'DELETE FROM ring.audit',
    'DELETE FROM ring.later_statement',
    'UPDATE ring.later_statement SET epoch = 1',
    `UPDATE outbox.message SET state = 'unsent'`,
    'UPDATE outbox.key_message SET applied = true',
    'SELECT FROM outbox.key_mark',
    'CREATE TABLE public.mine ()',
  ],
  signer: [
    'SELECT FROM ring.key_ring',
    'UPDATE ring.key_ring SET epoch = epoch + 1',
    `UPDATE ring.signing_key SET state = 'retired'`,
    'DELETE FROM ring.transition',
    'SELECT FROM ring.operator',
    'SELECT FROM outbox.message',
    `UPDATE material.wrapped_key SET public_key = ''`,
    'DELETE FROM material.wrapped_key',
    'UPDATE material.bus_key SET kek_id = kek_id',
    'SELECT pg_try_advisory_xact_lock(1)',
  ],
  'outbox-relay': [
    'SELECT FROM material.wrapped_key',
    'SELECT FROM material.bus_key',
    'UPDATE ring.key_ring SET epoch = epoch + 1',
    `UPDATE ring.node SET state = 'removed'`,
    'SELECT FROM ring.operator',
    'SELECT FROM ring.installation',
    'SELECT pg_advisory_xact_lock(1)',
    'SELECT bus_public_key FROM ring.node',
    'SELECT bearer_hash FROM ring.node',
    'SELECT FROM ring.enrol_token',
    'UPDATE outbox.message SET node_id = node_id',
    'UPDATE outbox.key_message SET node_id = node_id',
    `UPDATE outbox.node_stream SET scope = 'platform'`,
    `INSERT INTO outbox.event (event_id, scope, event_type, epoch) VALUES ('e', 'platform', 'x', 2)`,
  ],
  gateway: [
    'SELECT FROM material.wrapped_key',
    'SELECT FROM ring.node',
    'SELECT FROM ring.operator',
    'SELECT FROM outbox.node_stream',
    'UPDATE ring.node SET bearer_hash = NULL',
    'DELETE FROM gateway.ring',
    'SELECT pg_advisory_xact_lock(1)',
  ],
};

export const step: Step = async (world) => {
  const node = known(world, 'edge-1').id;
  const command = subjects.command((await admin(world)).id, 'signing.rotate');
  const { domain } = world;
  const say: Record<ServiceName, string[]> = {
    rotation: [
      subjects.eventsOut(node),
      subjects.nodeEvents(node),
      subjects.nodeAck(node),
      subjects.scopeSigner(domain, 'sign-envelope'),
      subjects.scopeSigner(domain, 'sign-batch'),
      subjects.scopeSigner(domain, 'announce'),
      command,
      '$SYS.REQ.CLAIMS.UPDATE',
      `$JS.API.CONSUMER.CREATE.${EVENT_STREAM.name}`,
    ],
    signer: [
      command,
      subjects.eventsOut(node),
      subjects.nodeEvents(node),
      subjects.ringChanged,
      subjects.outboxChanged,
    ],
    'outbox-relay': [
      command,
      subjects.nodeEvents(node),
      subjects.anySigner('issue-bus-credential'),
      subjects.anySigner('sign-bus-account'),
      subjects.anySigner('destroy-key'),
      subjects.scopeSigner(domain, 'generate-key'),
      subjects.scopeSigner(domain, 'sign-jws'),
      subjects.renewLease('signer', 'signer-0'),
      `$JS.API.CONSUMER.CREATE.${EVENT_STREAM.name}`,
      `$JS.API.STREAM.DELETE.${EVENT_STREAM.name}`,
    ],
    gateway: [
      command,
      subjects.eventsOut(node),
      subjects.httpEventsOut(node),
      subjects.nodeEvents(node),
      subjects.httpEvents(node),
      subjects.nodeHello(node),
      subjects.nodeAck(node),
      subjects.anySigner('issue-bus-credential'),
      subjects.scopeSigner(domain, 'sign-envelope'),
      subjects.scopeSigner(domain, 'sign-batch'),
      subjects.scopeSigner(domain, 'sign-bundle'),
      subjects.scopeSigner(PLATFORM, 'sign-jws'),
      subjects.renewLease('signer', 'signer-0'),
      subjects.ringChanged,
      `$JS.API.STREAM.MSG.GET.${EVENT_STREAM.name}`,
    ],
  };
  const hear = [subjects.nodeEvents('*'), '_INBOX.>', '$SYS.>', '>'];
  for (const kind of SERVICE_NAMES) {
    const bus = await dial(world, await bootstrapFile(world, credentialFile(kind)), { kind });
    expect([kind, await allowed(bus, { hear, say: say[kind] })]).toEqual([kind, []]);
    for (const statement of [...FOR_NOBODY, ...STATEMENTS[kind]]) {
      expect([kind, statement, await outcome(world, kind, statement)]).toEqual([kind, statement, DENIED]);
    }
  }
};

/** The SQLSTATE that the service's own role gets; `done` where the database did it. */
async function outcome(world: World, kind: ServiceName, statement: string): Promise<string> {
  const client = new Client({ connectionString: world.stack.databaseUrl(kind) });
  await client.connect();
  try {
    await client.query('BEGIN');
    await client.query(statement);
    return 'done';
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    await client.end();
  }
}
