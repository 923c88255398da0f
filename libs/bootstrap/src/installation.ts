import { createRing } from '@plexsphere/keyring';
import { insertBusKey, makeKeyAhead, makeSigningKey, type KekProvider } from '@plexsphere/material';
import { insertRing } from '@plexsphere/store';
import { MESH_ALGORITHM, PLATFORM, publicText, type ServiceName, type Sql } from '@plexsphere/wire';
import { signStatement, statementHash } from '@plexsphere/wire/jws';
import type { Admin } from './admin';
import type { Bus } from './bus';
import type { RecoveryKey } from './recovery-key';

export const PLATFORM_KEY_ID = 'platform-1';

/** What the rows of a new installation are made from. */
interface Installation {
  kek: KekProvider;
  bus: Bus;
  recovery: RecoveryKey;
  admin: Admin;
}

/** Everything that the database holds of it, in the caller's transaction. */
export async function storeInstallation(sql: Sql, { kek, bus, recovery, admin }: Installation): Promise<void> {
  await insertBusKey(sql, kek, 'operator', bus.operator);
  await insertBusKey(sql, kek, 'account', bus.account);
  await sql.query(
    `INSERT INTO ring.installation (recovery_key_id, recovery_public_key, bus_account_public_key, bus_account_jwt)
     VALUES ($1, $2, $3, $4)`,
    [recovery.keyId, recovery.publicKey, bus.account.publicKey, bus.accountJwt],
  );
  await createPlatformRing(sql, kek, recovery);
  await insertAdmin(sql, 'admin', admin);
  for (const [service, key] of bus.servicePublicKeys) await insertServiceCredential(sql, service, key);
  await writeAudit(sql, 'bootstrap', {
    epoch: 1,
    active_key_id: PLATFORM_KEY_ID,
    recovery_public_key: recovery.publicKey,
    bus_account_public_key: bus.account.publicKey,
    kek_id: kek.kekId,
    admin: admin.id,
  });
}

export async function insertAdmin(sql: Sql, name: string, admin: Admin): Promise<void> {
  const { id, busPublicKey, bearerHash, expiresAt } = admin;
  await sql.query(
    `INSERT INTO ring.operator (id, name, role, bus_public_key, bearer_hash, expires_at)
     VALUES ($1, $2, 'admin', $3, $4, $5)`,
    [id, name, busPublicKey, bearerHash, expiresAt],
  );
  await sql.query('INSERT INTO ring.bus_user VALUES ($1)', [busPublicKey]);
}

export async function insertServiceCredential(sql: Sql, service: ServiceName, busPublicKey: string): Promise<void> {
  await sql.query('INSERT INTO ring.bus_user VALUES ($1)', [busPublicKey]);
  await sql.query('INSERT INTO ring.service_credential (service, bus_public_key) VALUES ($1, $2)', [
    service,
    busPublicKey,
  ]);
}

/** What bring-up and its commands did to the whole installation, in the caller's transaction; nothing secret. */
export async function writeAudit(owner: Sql, action: string, after: Record<string, unknown>): Promise<void> {
  await owner.query(`INSERT INTO ring.audit (actor, action, after) VALUES ('bootstrap', $1, $2)`, [action, after]);
}

/** The ring at epoch 1. Nobody vouches for the first platform key but the recovery key, which every Node also holds. */
async function createPlatformRing(sql: Sql, kek: KekProvider, recovery: RecoveryKey): Promise<void> {
  const key = await makeSigningKey(sql, kek, { scope: PLATFORM, keyId: PLATFORM_KEY_ID }, MESH_ALGORITHM);
  const next = await makeKeyAhead(sql, kek, PLATFORM, MESH_ALGORITHM);
  const [{ now } = { now: new Date() }] = await sql.query<{ now: Date }[]>('SELECT now()');
  const statement = await signStatement(
    {
      type: 'create',
      scope: PLATFORM,
      epoch: 1,
      authority_epoch: null,
      old_key_id: null,
      old_public_key: null,
      new_key_id: PLATFORM_KEY_ID,
      new_public_key: publicText(key.privateKey),
      opened_at: now.toISOString(),
      closes_at: null,
      transition_expires: null,
      next,
      previous: null,
    },
    recovery,
    key,
  );
  const made = { algorithm: MESH_ALGORITHM, publicKey: publicText(key.privateKey) };
  const proof = { text: statement, hash: statementHash(statement), next, bySuperior: true, authorityEpoch: null };
  await insertRing(sql, createRing(PLATFORM, PLATFORM_KEY_ID), made, proof);
}

/** Whether somebody brought this database up; false where it is empty. */
export async function isBootstrapped(sql: Sql): Promise<boolean> {
  const [tables] = await sql.query<{ made: boolean }[]>(
    `SELECT to_regclass('ring.operator') IS NOT NULL AND to_regclass('ring.installation') IS NOT NULL AS made`,
  );
  if (!tables?.made) return false;
  const [row] = await sql.query<{ done: boolean }[]>(
    `SELECT EXISTS (SELECT FROM ring.operator WHERE role = 'admin') OR EXISTS (SELECT FROM ring.installation) AS done`,
  );
  return row?.done === true;
}

/** Whether the database knows the admin under this bearer: then the folder with that token file is the one it goes with. */
export async function knowsAdmin(sql: Sql, admin: { id: string; bearerHash: string }): Promise<boolean> {
  const rows = await sql.query<unknown[]>('SELECT FROM ring.operator WHERE id::text = $1 AND bearer_hash = $2', [
    admin.id,
    admin.bearerHash,
  ]);
  return rows.length === 1;
}
