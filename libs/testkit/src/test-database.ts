import { randomBytes } from 'node:crypto';
import { runOn, testServer } from './test-server';

export interface TestDatabase {
  /** The owner's. */
  url: string;
  /** The URL of a new login under a role that the migrations made; of a service's, its name: `rotation`. */
  urlAs(role: string): Promise<string>;
  drop(): Promise<void>;
}

export interface Template {
  /** Short and unique for what `prepare` does: a worker prepares it once. */
  name: string;
  /** Given the owner's URL of an empty database: migrations, seeds. */
  prepare: (url: string) => Promise<unknown>;
}

/** A fresh database, copied from the template in some 50 ms, on the embedded PostgreSQL that this Jest worker shares. */
export async function testDatabase(template: Template): Promise<TestDatabase> {
  const { urlOf, ask } = await testServer();
  const origin = `template_${template.name}`;
  const found = await ask(`SELECT FROM pg_database WHERE datname = '${origin}' AND datistemplate`);
  if (found.length === 0) await makeTemplate(origin, template);

  const name = `test_${randomBytes(6).toString('hex')}`;
  // By files and a checkpoint: block by block through the log, as by default, costs twice the time here, and its drop too.
  await askServer(`CREATE DATABASE "${name}" TEMPLATE "${origin}" STRATEGY FILE_COPY`);
  return {
    url: urlOf(name),
    urlAs: async (role) => {
      const password = randomBytes(16).toString('hex');
      const username = `test_login_${randomBytes(6).toString('hex')}`;
      const group = await groupRole(urlOf(name), role);
      await askServer(`CREATE ROLE ${username} LOGIN PASSWORD '${password}' IN ROLE "${group}"`);
      return Object.assign(new URL(urlOf(name)), { username, password }).href;
    },
    drop: async () => void (await askServer(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`)),
  };
}

const askServer = async (statement: string): Promise<unknown[]> => (await testServer()).ask(statement);

/** A service's role has the installation's name in its own: the one that this database lets in. */
async function groupRole(url: string, role: string): Promise<string> {
  const found = await runOn(
    url,
    `SELECT DISTINCT r.rolname AS name FROM pg_namespace n, aclexplode(n.nspacl) a JOIN pg_roles r ON r.oid = a.grantee
     WHERE r.rolname LIKE 'plexsphere\\_%\\_${role.replace('-', '\\_')}'`,
  );
  return (found as { name: string }[])[0]?.name ?? role;
}

/** Marked as a template last: one whose making failed is made anew. */
async function makeTemplate(origin: string, { prepare }: Template): Promise<void> {
  const { urlOf } = await testServer();
  await askServer(`DROP DATABASE IF EXISTS "${origin}"`);
  await askServer(`CREATE DATABASE "${origin}"`);
  await prepare(urlOf(origin));
  await askServer(`ALTER DATABASE "${origin}" IS_TEMPLATE true`);
}
