import type { DataSource } from 'typeorm';

/** The group roles of one installation that have to do with these schemas. A service logs in as a member of its own. */
export interface StoreRoles {
  rotation: string;
  outboxRelay: string;
}

/**
 * Grants each service's group role the least that it needs, in one transaction: nobody who is at work sees less meanwhile.
 * Not part of the migrations, because the names are another in each installation: roles belong to the whole server, and
 * two installations on it must not share any. Whatever is not granted here is taken away.
 */
export async function grantStore(owner: DataSource): Promise<void> {
  await owner.transaction(async (sql) => {
    const rows = await sql.query<{ service: string; name: string }[]>('SELECT service, name FROM ring.database_role');
    const named = new Map(rows.map(({ service, name }) => [service, name]));
    await sql.query(grants({ rotation: role(named.get('rotation')), outboxRelay: role(named.get('outbox-relay')) }));
  });
}

/** Stands in statements that take no parameters: only what needs no quoting is a role of ours. */
function role(name: string | undefined): string {
  if (name === undefined || !/^plexsphere_[a-z0-9_]+$/.test(name)) throw new Error('ring.database_role is damaged');
  return name;
}

/** They cannot log in: bootstrap makes the members that do. */
const group = (name: string): string => `
  DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${name}') THEN CREATE ROLE ${name} NOLOGIN; END IF;
  END $$;
  REVOKE ALL ON SCHEMA ring, outbox FROM ${name};
  REVOKE ALL ON ALL TABLES IN SCHEMA ring, outbox FROM ${name};`;

const grants = ({ rotation, outboxRelay }: StoreRoles): string => `
  REVOKE ALL ON SCHEMA public FROM PUBLIC;
  ${group(rotation)}
  ${group(outboxRelay)}

  GRANT USAGE ON SCHEMA ring, outbox TO ${rotation};
  GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA ring TO ${rotation};
  REVOKE INSERT ON ring.installation FROM ${rotation};
  REVOKE ALL ON ring.database_role, ring.service_credential FROM ${rotation};
  GRANT UPDATE (bus_account_jwt, bus_account_signed_at) ON ring.installation TO ${rotation};
  GRANT UPDATE ON ring.key_ring, ring.signing_key, ring.transition, ring.node, ring.operator TO ${rotation};
  GRANT UPDATE, DELETE ON ring.lease TO ${rotation};
  GRANT DELETE ON ring.request TO ${rotation};
  GRANT UPDATE, DELETE ON ring.bus_revocation, ring.prepared_key TO ${rotation};
  GRANT INSERT, SELECT ON outbox.event, outbox.message, outbox.node_stream TO ${rotation};

  GRANT USAGE ON SCHEMA ring, outbox TO ${outboxRelay};
  GRANT SELECT ON ring.key_ring, ring.signing_key, ring.ring_change, ring.transition, ring.node TO ${outboxRelay};
  GRANT SELECT, DELETE ON outbox.event TO ${outboxRelay};
  GRANT SELECT, UPDATE, DELETE ON outbox.message TO ${outboxRelay};
  -- For a resync, which stands for what has expired, and for nothing else.
  GRANT INSERT (event_id, scope, event_type, payload) ON outbox.event TO ${outboxRelay};
  GRANT INSERT (node_id, event_id, position) ON outbox.message TO ${outboxRelay};
  GRANT SELECT, UPDATE ON outbox.node_stream TO ${outboxRelay};
  GRANT SELECT, INSERT, UPDATE ON outbox.bus_stream TO ${outboxRelay};
`;
