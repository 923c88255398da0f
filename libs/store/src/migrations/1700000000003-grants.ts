import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Each service's role, with the least that it needs. Roles belong to the whole server, so they may be there already;
 * they cannot log in until bootstrap gives them a password.
 */
export class Grants1700000000003 implements MigrationInterface {
  readonly name = 'Grants1700000000003';

  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      DO $$ DECLARE role text; BEGIN
        FOREACH role IN ARRAY ARRAY['plexsphere_rotation', 'plexsphere_signer', 'plexsphere_relay'] LOOP
          BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role);
          EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
          END;
        END LOOP;
      END $$;

      REVOKE ALL ON SCHEMA public FROM PUBLIC;

      GRANT USAGE ON SCHEMA ring, outbox TO plexsphere_rotation;
      GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA ring TO plexsphere_rotation;
      REVOKE INSERT ON ring.installation FROM plexsphere_rotation;
      GRANT UPDATE (bus_account_jwt) ON ring.installation TO plexsphere_rotation;
      GRANT UPDATE ON ring.key_ring, ring.signing_key, ring.transition, ring.node, ring.operator TO plexsphere_rotation;
      GRANT UPDATE, DELETE ON ring.lease TO plexsphere_rotation;
      GRANT DELETE ON ring.request TO plexsphere_rotation;
      GRANT INSERT, SELECT ON outbox.event, outbox.message, outbox.node_stream TO plexsphere_rotation;

      GRANT USAGE ON SCHEMA ring, outbox TO plexsphere_relay;
      GRANT SELECT ON ring.key_ring, ring.signing_key, ring.ring_change, ring.transition, ring.node TO plexsphere_relay;
      GRANT SELECT, DELETE ON outbox.event TO plexsphere_relay;
      GRANT SELECT, UPDATE, DELETE ON outbox.message TO plexsphere_relay;
      GRANT SELECT, UPDATE ON outbox.node_stream TO plexsphere_relay;
      GRANT SELECT, INSERT, UPDATE ON outbox.bus_stream TO plexsphere_relay;
    `);
  }

  async down(): Promise<void> {
    throw new Error('migrations go forward only');
  }
}
