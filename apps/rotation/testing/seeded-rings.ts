/**
 * For specs: rings, rotations, Nodes and leases in every state that sight tells apart, written by SQL of its own, so that
 * it shares nothing with what it helps to test.
 */
import { storeOptions } from '@plexsphere/store';
import { DataSource } from 'typeorm';

export const OPEN_SCOPE = 'domain:aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa';
export const CLOSED_SCOPE = 'domain:bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb';
export const OPEN_ID = 'aaaaaaaa-0000-4000-8000-000000000001';
export const CLOSED_ID = 'bbbbbbbb-0000-4000-8000-000000000001';
/** Opened and closed by nobody whom the table of operators knows. */
export const STRANGER = '99999999-9999-4999-8999-999999999999';
export const ANA = '00000000-0000-4000-8000-00000000000a';
/** A viewer of the open scope alone. */
export const VIC = '00000000-0000-4000-8000-00000000000b';

/** Names of the open scope's Nodes say what they are for; by them their ids. */
export const NODE_IDS = Object.fromEntries(
  ['current', 'resting', 'told', 'untold', 'asleep', 'new', 'gone', 'edge'].map((name, i) => [
    name,
    `eeeeeeee-0000-4000-8000-00000000000${i}`,
  ]),
) as Record<'current' | 'resting' | 'told' | 'untold' | 'asleep' | 'new' | 'gone' | 'edge', string>;

/** The rotation's event. */
export const ROTATED = 'aaaaaaaa-0000-4000-8000-0000000000e2';

const ago = (span: string): string => `clock_timestamp() - interval '${span}'`;

const RINGS = `
  INSERT INTO ring.installation (recovery_public_key, bus_account_public_key, bus_account_jwt) VALUES ('rec', 'A', 'j');
  INSERT INTO ring.operator (id, name, role, scopes, bus_public_key, bearer_hash) VALUES
    ('${ANA}', 'ana', 'admin', NULL, 'UA', 'h1'), ('${VIC}', 'vic', 'viewer', ARRAY['${OPEN_SCOPE}'], 'UB', 'h2');
  INSERT INTO ring.key_ring (scope, epoch, trust_epoch) VALUES
    ('platform', 1, 1), ('${OPEN_SCOPE}', 2, 2), ('${CLOSED_SCOPE}', 5, 4);
  INSERT INTO ring.signing_key (scope, key_id, algorithm, public_key, state, verifies_until, state_since, created_at)
  VALUES
    ('platform', 'p1', 'Ed25519', 'A', 'active', NULL, ${ago('9 d')}, ${ago('9 d')}),
    ('${OPEN_SCOPE}', 'a1', 'Ed25519', 'A', 'retiring', ${ago('-23 h')}, ${ago('1 h')}, ${ago('9 d')}),
    ('${OPEN_SCOPE}', 'a2', 'Ed25519', 'A', 'active', NULL, ${ago('1 h')}, ${ago('1 h')}),
    ('${CLOSED_SCOPE}', 'b1', 'Ed25519', 'A', 'retired', NULL, ${ago('3 d')}, ${ago('9 d')}),
    ('${CLOSED_SCOPE}', 'b2', 'Ed25519', 'A', 'retired', NULL, ${ago('1 d')}, ${ago('4 d')}),
    ('${CLOSED_SCOPE}', 'b3', 'Ed25519', 'A', 'active', NULL, ${ago('2 d')}, ${ago('2 d')});
  UPDATE ring.signing_key SET destroyed_at = state_since WHERE state = 'retired';
  INSERT INTO ring.ring_change (scope, epoch, change, active_key_id, event_id, statement, statement_hash, switched_at) VALUES
    ('platform', 1, 'create', 'p1', 'e1', 's', 'h', ${ago('9 d')}),
    ('${OPEN_SCOPE}', 2, 'rotate', 'a2', '${ROTATED}', 's', 'h', ${ago('59 min')}),
    ('${CLOSED_SCOPE}', 2, 'rotate', 'b2', 'e0', 's', 'h2', ${ago('4 d')}),
    ('${CLOSED_SCOPE}', 4, 'rotate', 'b3', 'e3', 's', 'h4', ${ago('2 d')}),
    ('${CLOSED_SCOPE}', 5, 'close', 'b3', 'e4', NULL, NULL, ${ago('1 d')});`;

const TRANSITIONS = `
  INSERT INTO ring.transition (id, scope, old_key_id, new_key_id, opened_at, activated_at, closes_at, transition_expires,
                               opened_epoch, reason, actor, request_id, outcome, ended_at, ended_epoch, ended_by, end_request_id) VALUES
    ('${OPEN_ID}', '${OPEN_SCOPE}', 'a1', 'a2', ${ago('1 h')}, ${ago('1 h')}, ${ago('-23 h')}, ${ago('-23 h')}, 2, 'yearly', '${ANA}',
     '10000000-0000-4000-8000-000000000001', NULL, NULL, NULL, NULL, NULL),
    ('bbbbbbbb-0000-4000-8000-000000000000', '${CLOSED_SCOPE}', 'b1', 'b2', ${ago('4 d')}, ${ago('4 d')}, ${ago('3 d')}, ${ago('3 d')}, 2, NULL,
     '${ANA}', '20000000-0000-4000-8000-000000000001', 'closed', ${ago('3 d')}, 3, '${ANA}',
     '20000000-0000-4000-8000-000000000002'),
    ('${CLOSED_ID}', '${CLOSED_SCOPE}', 'b2', 'b3', ${ago('2 d')}, ${ago('2 d')}, ${ago('1 d')}, ${ago('1 d')}, 4, NULL,
     '${STRANGER}', '20000000-0000-4000-8000-000000000003', 'closed', ${ago('1 d')}, 5, '${ANA}',
     '20000000-0000-4000-8000-000000000004');
  INSERT INTO ring.audit (happened_at, actor, action, scope, request_id, detail) VALUES
    (${ago('2 d')}, '${STRANGER}', 'signing.rotate', '${CLOSED_SCOPE}', '20000000-0000-4000-8000-000000000003', '{"reason":null}'),
    (${ago('36 h')}, '${ANA}', 'node.add', '${CLOSED_SCOPE}', '20000000-0000-4000-8000-000000000009', NULL),
    (${ago('1 d')}, '${ANA}', 'signing.close', '${CLOSED_SCOPE}', '20000000-0000-4000-8000-000000000004', '{"forced":true}');`;

/** [name, state, told, settled, first seen, last seen] */
const NODES = [
  ['current', 'enrolled', 2, 2, '9 d', '1 s'],
  ['resting', 'enrolled', 2, 2, '9 d', '10 min'],
  ['told', 'enrolled', 2, 1, '9 d', '1 s'],
  ['untold', 'enrolled', 1, 1, '9 d', '1 s'],
  ['asleep', 'enrolled', 1, 1, '9 d', '10 min'],
  ['new', 'enrolled', 2, 2, null, null],
  ['gone', 'removed', 1, 1, '9 d', '1 s'],
] as const;

const nodeOf = (name: keyof typeof NODE_IDS, scope: string, state: string): string =>
  `INSERT INTO ring.node (id, scope, name, bus_public_key, state, removed_at)
   VALUES ('${NODE_IDS[name]}', '${scope}', '${name}', '${name}', '${state}', ${state === 'removed' ? ago('1 h') : 'NULL'});`;

const streamOf = (name: keyof typeof NODE_IDS, scope: string, told: number, settled: number, seen: string): string =>
  `INSERT INTO outbox.node_stream (node_id, scope, told_epoch, told_platform_epoch, settled_epoch,
                                   settled_platform_epoch, settled_position, first_seen_at, last_seen_at, state)
   SELECT id, '${scope}', ${told}, 1, ${settled}, 1, 7, ${seen}, CASE state WHEN 'enrolled' THEN 'open' ELSE 'ended' END
     FROM ring.node WHERE id = '${NODE_IDS[name]}';`;

const MESH = [
  ...NODES.map(([name, state, told, settled, first, last]) => {
    const seen = [first, last].map((span) => (span === null ? 'NULL' : ago(span))).join(', ');
    return nodeOf(name, OPEN_SCOPE, state) + streamOf(name, OPEN_SCOPE, told, settled, seen);
  }),
  `UPDATE outbox.node_stream SET state = 'ending' WHERE node_id = '${NODE_IDS.gone}';`,
  nodeOf('edge', CLOSED_SCOPE, 'enrolled'),
  streamOf('edge', CLOSED_SCOPE, 5, 5, `${ago('9 d')}, ${ago('1 s')}`),
].join('\n');

/** What is unsent: two rows of `untold`, one of `asleep`, and one of `gone`, which counts nowhere. */
const OUTBOX = `
  INSERT INTO outbox.event (event_id, scope, event_type, epoch, nodes, applied, created_at) VALUES
    ('${ROTATED}', '${OPEN_SCOPE}', 'signing_key_rotated', 2, 3, 0, ${ago('40 s')}),
    ('older', '${OPEN_SCOPE}', 'news', NULL, 2, 0, ${ago('1 h')}),
    ('news', '${OPEN_SCOPE}', 'news', NULL, 1, 0, ${ago('20 s')});
  INSERT INTO outbox.key_message (event_id, node_id) VALUES
    ('${ROTATED}', '${NODE_IDS.told}'), ('${ROTATED}', '${NODE_IDS.untold}'), ('${ROTATED}', '${NODE_IDS.asleep}');
  INSERT INTO outbox.message (node_id, scope, event_id, state)
    SELECT id, scope, event_id, written.state FROM ring.node JOIN (VALUES
      ('${NODE_IDS.told}', 'older', 'sent'), ('${NODE_IDS.gone}', 'older', 'unsent'), ('${NODE_IDS.untold}', 'news', 'unsent'))
      AS written (node_id, event_id, state) ON written.node_id::uuid = id;`;

export const LEASES = `
  INSERT INTO ring.lease (holder, kind, turn, lease_ms, epochs, renewed_at, secret_hash) VALUES
    ('gateway-1', 'gateway', 1, 10000, '{"platform": 1, "${OPEN_SCOPE}": 2}', clock_timestamp(), sha256('')),
    ('signer-1', 'signer', 1, 10000, '{"platform": 1, "${OPEN_SCOPE}": 2, "${CLOSED_SCOPE}": 5}', clock_timestamp(), sha256('')),
    ('signer-2', 'signer', 1, 10000, '{"platform": 1, "${OPEN_SCOPE}": 1}', clock_timestamp(), sha256('')),
    ('signer-3', 'signer', 1, 10000, '{"platform": 1, "${OPEN_SCOPE}": 2}', ${ago('30 s')}, sha256(''));`;

/** A rotation of the platform on top, told to `edge` alone of the Domains' Nodes, which has applied it. */
export const PLATFORM_OPEN = `
  UPDATE ring.key_ring SET epoch = 2, trust_epoch = 2 WHERE scope = 'platform';
  UPDATE ring.signing_key SET state = 'retiring', verifies_until = ${ago('-23 h')} WHERE scope = 'platform';
  INSERT INTO ring.signing_key (scope, key_id, algorithm, public_key, state) VALUES
    ('platform', 'p2', 'Ed25519', 'A', 'active');
  INSERT INTO ring.ring_change (scope, epoch, change, active_key_id, event_id, statement, statement_hash, switched_at) VALUES
    ('platform', 2, 'rotate', 'p2', 'e5', 's', 'h2', ${ago('59 min')});
  INSERT INTO ring.transition (scope, old_key_id, new_key_id, opened_at, activated_at, closes_at, transition_expires,
                               opened_epoch, actor, request_id) VALUES
    ('platform', 'p1', 'p2', ${ago('1 h')}, ${ago('1 h')}, ${ago('-23 h')}, ${ago('-23 h')}, 2, '${ANA}',
     '30000000-0000-4000-8000-000000000001');
  UPDATE outbox.node_stream SET told_platform_epoch = 2, settled_platform_epoch = 2
   WHERE node_id = '${NODE_IDS.edge}'`;

/** The test kit's; only specs may import that. */
export interface MigratedDatabase {
  url: string;
  urlAs(role: string): Promise<string>;
  drop(): Promise<void>;
}

export interface SeededRings {
  /** As the service's own role: its grants are part of what is tried. */
  database: DataSource;
  /** As the owner, who may change what the service may not. */
  asOwner<Row>(statement: string): Promise<Row[]>;
  drop(): Promise<void>;
}

/** Three rings, one with a rotation open, and Nodes in every state that one can be in. */
export async function seededRings(test: MigratedDatabase): Promise<SeededRings> {
  const owner = await new DataSource({ type: 'postgres', url: test.url }).initialize();
  const asOwner: SeededRings['asOwner'] = (statement) => owner.query(statement);
  for (const seed of [RINGS, TRANSITIONS, MESH, OUTBOX, LEASES]) await asOwner(seed);
  const database = await new DataSource(storeOptions(await test.urlAs('rotation'), 'test')).initialize();
  const drop = async (): Promise<void> => {
    await Promise.all([database.destroy(), owner.destroy()]);
    await test.drop();
  };
  return { database, asOwner, drop };
}
