import { SERVICE_NAMES, isRoleName } from '@plexsphere/wire';
import type { DataSource, EntityManager } from 'typeorm';
import { closeDatabase } from './close-database';

/** The group roles of one installation that have to do with these schemas. A service logs in as a member of its own. */
interface StoreRoles {
  rotation: string;
  outboxRelay: string;
  gateway: string;
}

/**
 * Grants each service's group role the least that it needs, in one transaction: nobody who is at work sees less meanwhile.
 * Not part of the migrations, because the names are another in each installation: roles belong to the whole server, and
 * two installations on it must not share any. Whatever is not granted here is taken away.
 */
export async function grantStore(owner: DataSource): Promise<void> {
  await owner.transaction(async (sql) => {
    await nameRoles(sql);
    const rows = await sql.query<{ service: string; name: string }[]>('SELECT service, name FROM ring.database_role');
    const named = new Map(rows.map(({ service, name }) => [service, name]));
    const roles = {
      rotation: role(named.get('rotation')),
      outboxRelay: role(named.get('outbox-relay')),
      gateway: role(named.get('gateway')),
    };
    await sql.query(grants(roles));
    for (const [table, fixed] of Object.entries(FIXED)) {
      const columns = await columnsBut(sql, table, fixed);
      await sql.query(`GRANT UPDATE (${columns}) ON outbox.${table} TO ${roles.outboxRelay}`);
    }
    await closeDatabase(sql, roles);
  });
}

/** Draws the installation's name once; a service that came later is named after it, too. */
const nameRoles = (sql: EntityManager): Promise<unknown> =>
  sql.query(
    `WITH drawn AS MATERIALIZED (
       SELECT coalesce(min(split_part(name, '_', 2)), left(gen_random_uuid()::text, 8)) AS id FROM ring.database_role
     )
     INSERT INTO ring.database_role
       SELECT service, format('plexsphere_%s_%s', id, replace(service, '-', '_')) FROM unnest($1::text[]) service, drawn
     ON CONFLICT DO NOTHING`,
    [SERVICE_NAMES],
  );

/** Stands in statements that take no parameters: only what needs no quoting is a role of ours. */
function role(name: string | undefined): string {
  if (!isRoleName(name)) throw new Error('ring.database_role is damaged');
  return name;
}

/** What the relay never changes of the rows that it keeps: whose they are, and what they say. */
const FIXED = {
  message: ['id', 'node_id', 'scope', 'event_id'],
  node_stream: ['node_id', 'scope', 'listens'],
} as const;

async function columnsBut(sql: EntityManager, table: string, fixed: readonly string[]): Promise<string> {
  const [row] = await sql.query<[{ columns: string }]>(
    `SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) AS columns FROM pg_attribute
      WHERE attrelid = ('outbox.' || $1)::regclass AND attnum > 0 AND NOT attisdropped AND attname <> ALL ($2::text[])`,
    [table, fixed],
  );
  return row.columns;
}

/** They cannot log in: bootstrap makes the members that do. */
const group = (name: string): string => `
  DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${name}') THEN CREATE ROLE ${name} NOLOGIN; END IF;
  END $$;
  REVOKE ALL ON SCHEMA ring, outbox, gateway FROM ${name};
  REVOKE ALL ON ALL TABLES IN SCHEMA ring, outbox, gateway FROM ${name};
  REVOKE ALL ON ALL SEQUENCES IN SCHEMA ring, outbox FROM ${name};`;

/** What may be changed of a row is named column by column; what was written once (who, when, which key) stays. */
const grants = ({ rotation, outboxRelay, gateway }: StoreRoles): string => `
  REVOKE ALL ON SCHEMA public FROM PUBLIC;
  ${group(rotation)}
  ${group(outboxRelay)}
  ${group(gateway)}

  GRANT USAGE ON SCHEMA ring, outbox TO ${rotation};
  GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA ring TO ${rotation};
  REVOKE INSERT ON ring.installation, ring.audit, ring.refusal FROM ${rotation};
  REVOKE ALL ON ring.database_role, ring.service_credential FROM ${rotation};
  GRANT UPDATE (bus_account_jwt, bus_account_signed_at) ON ring.installation TO ${rotation};
  GRANT UPDATE (epoch, trust_epoch, removed_at, keys_destroyed_at) ON ring.key_ring TO ${rotation};
  GRANT UPDATE (recovery_key_id, recovery_public_key, recovery_used_at) ON ring.installation TO ${rotation};
  GRANT UPDATE (state, state_since, verifies_until, published_at, longest_token_ms, tokens_until, jwk_kid,
                foreign_signs_until, destroyed_at)
    ON ring.signing_key TO ${rotation};
  GRANT UPDATE (is_default, longest_token_ms) ON ring.issuer TO ${rotation};
  GRANT UPDATE (switched_at) ON ring.ring_change TO ${rotation};
  -- Where a new key is staged, the window begins when it signs.
  GRANT UPDATE (activated_at, closes_at, transition_expires, outcome, ended_at, ended_epoch, ended_by, end_request_id)
    ON ring.transition TO ${rotation};
  GRANT UPDATE (removed_at) ON ring.member TO ${rotation};
  GRANT UPDATE (proven_at, epoch, proof), DELETE ON ring.member_key TO ${rotation};
  GRANT UPDATE, DELETE ON ring.member_report TO ${rotation};
  GRANT UPDATE (count), DELETE ON ring.member_refusal TO ${rotation};
  GRANT UPDATE (state, removed_at, bearer_hash, wireguard_key, wireguard_key_since, wireguard_key_wanted_at,
                bus_public_key, tags, rotate_after, contested_at, revoked_reason)
    ON ring.node TO ${rotation};
  GRANT UPDATE (state, token, token_iat, token_expires_at, tokens_until, former_token_hash, former_token_iat, former_until,
                retiring_until, confirmed_at)
    ON ring.node_key TO ${rotation};
  GRANT UPDATE (state, ended_at, wave, wave_began_at, nudges, due_at, seq, ordered, rotated, failed, skipped, forgiven), DELETE
    ON ring.fleet_run TO ${rotation};
  GRANT UPDATE (state, reason, offline_since, generation, deadline_at, changed_at, seq), DELETE
    ON ring.fleet_step TO ${rotation};
  GRANT USAGE ON SEQUENCE ring.mesh_host TO ${rotation};
  GRANT UPDATE (used_at, node_id, revoked_at), DELETE ON ring.enrol_token TO ${rotation};
  GRANT UPDATE (secret_since), DELETE ON ring.client TO ${rotation};
  GRANT UPDATE (expires_at), DELETE ON ring.client_secret TO ${rotation};
  GRANT DELETE ON ring.used_assertion TO ${rotation};
  GRANT UPDATE (revoked_at, last_used_at) ON ring.operator TO ${rotation};
  GRANT UPDATE, DELETE ON ring.lease TO ${rotation};
  GRANT DELETE ON ring.request TO ${rotation};
  GRANT UPDATE (signed_at, due_at) ON ring.bus_revocation TO ${rotation};
  GRANT EXECUTE ON FUNCTION ring.forget_revocations TO ${rotation};
  GRANT UPDATE, DELETE ON ring.prepared_key TO ${rotation};
  GRANT UPDATE (members, version, decided_at) ON ring.kind_policy TO ${rotation};
  GRANT UPDATE (own, of_kind, kind_version, scheduled_since) ON ring.policy TO ${rotation};
  GRANT UPDATE (percent, deadline, reason, asked_at, actor, request_id, outcome, ended_at, end_reason)
    ON ring.promotion TO ${rotation};
  GRANT UPDATE (step, detail, failures, failed_at, retry_at), DELETE ON ring.rotator_failure TO ${rotation};
  -- When it happened, and in which order, the database says.
  GRANT INSERT (actor, action, scope, request_id, before, after, detail) ON ring.audit TO ${rotation};
  GRANT INSERT, UPDATE (count), DELETE ON ring.refusal TO ${rotation};
  GRANT SELECT, INSERT (event_id, scope, event_type, payload, epoch, nodes), UPDATE (nodes) ON outbox.event TO ${rotation};
  GRANT SELECT, INSERT (node_id, scope, event_id) ON outbox.message TO ${rotation};
  GRANT SELECT, INSERT (event_id, node_id) ON outbox.key_message TO ${rotation};
  GRANT INSERT (marks) ON outbox.key_mark TO ${rotation};
  GRANT SELECT, INSERT, UPDATE (state) ON outbox.node_stream TO ${rotation};

  GRANT USAGE ON SCHEMA ring, outbox TO ${outboxRelay};
  GRANT SELECT ON ring.key_ring, ring.signing_key, ring.ring_change TO ${outboxRelay};
  GRANT SELECT (id, scope, name, state) ON ring.node TO ${outboxRelay};
  GRANT SELECT, DELETE ON outbox.event TO ${outboxRelay};
  GRANT SELECT (node_id, slug) ON ring.member TO ${outboxRelay};
  GRANT SELECT (slug, side_a, side_b) ON ring.channel TO ${outboxRelay};
  -- For a resync, which stands for what has expired, and for members of channels that missed what they are to hold.
  GRANT INSERT (event_id, scope, event_type, payload) ON outbox.event TO ${outboxRelay};
  GRANT INSERT (node_id, scope, event_id, position) ON outbox.message TO ${outboxRelay};
  GRANT SELECT, DELETE ON outbox.message TO ${outboxRelay};
  -- Whether it is settled, and how many are: never whose it is.
  GRANT SELECT, UPDATE (applied), DELETE ON outbox.key_message TO ${outboxRelay};
  GRANT UPDATE (applied, superseded) ON outbox.event TO ${outboxRelay};
  GRANT SELECT, INSERT (marks), DELETE ON outbox.key_mark TO ${outboxRelay};
  GRANT SELECT ON outbox.node_stream TO ${outboxRelay};
  GRANT SELECT, INSERT, UPDATE ON outbox.bus_stream TO ${outboxRelay};

  GRANT USAGE ON SCHEMA gateway TO ${gateway};
  GRANT SELECT ON ALL TABLES IN SCHEMA gateway TO ${gateway};
  GRANT EXECUTE ON FUNCTION gateway.use_assertion TO ${gateway};
`;
