// libs/store/schema.sql: the whole database as all migrations leave it, grants too, so that a review sees what a migration
// does to it. Read from the catalogues of a real PostgreSQL, in an order that depends on names alone: the embedded server
// comes without pg_dump.
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CATALOGUE } from './schema-catalogue.mjs';
import { root, settle } from './generated-file.mjs';

const HEAD = `-- The database as all migrations leave it: for reading, and for the diff of a review. Nothing runs this file.
-- Made by tools/generate-schema.mjs; npm run verify compares.
`;

// From dist: tools are plain Node.
const load = createRequire(join(root, 'package.json'));
const { Postgres } = load('@plexsphere/stack');
const { migrate } = load('@plexsphere/bootstrap');
const { Client } = load('pg');

await settle('libs/store/schema.sql', await onEmptyServer(schema));

/** A server of its own, not only a database: roles belong to the server. */
async function onEmptyServer(work) {
  const folder = await mkdtemp(join(tmpdir(), 'plexsphere-schema-'));
  const server = await Postgres.create(folder, { durable: false });
  try {
    await server.start();
    return await work(server.url);
  } finally {
    await server.remove();
    await rm(folder, { recursive: true, force: true });
  }
}

async function schema(url) {
  await migrate(url);
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const sections = [];
    for (const [title, sql] of CATALOGUE) {
      const { rows } = await client.query(sql);
      if (rows.length > 0)
        sections.push(
          `-- ${title}\n\n${rows
            .map(({ statement }) => statement)
            .join('\n')
            .trimEnd()}\n`,
        );
    }
    // Drawn anew for each installation.
    return [HEAD, ...sections].join('\n').replace(/plexsphere_[0-9a-f]{8}_/g, 'plexsphere_<installation>_');
  } finally {
    await client.end();
  }
}
