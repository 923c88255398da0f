import { readFile, readdir, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { World } from './world';

/** One value of one row, as the database's owner reads it; of an array or JSON each leaf by itself. */
export interface Cell {
  table: string;
  column: string;
  row: number;
  value: string | Buffer;
}

/** All of every table that is ours. */
export async function everyCell(world: World): Promise<Cell[]> {
  const tables = await world.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
      WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
  );
  const cells: Cell[] = [];
  for (const { name: table } of tables) {
    const rows = await world.query<Record<string, unknown>>(`SELECT * FROM ${table}`);
    for (const [row, columns] of rows.entries()) {
      for (const [column, found] of Object.entries(columns)) {
        for (const value of leaves(found)) cells.push({ table, column, row, value });
      }
    }
  }
  return cells;
}

function leaves(value: unknown): (string | Buffer)[] {
  if (Buffer.isBuffer(value) || typeof value === 'string') return [value];
  if (value instanceof Date || typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(leaves);
}

/** `table.column` of whatever holds one of these texts, under the text's name. */
export async function inDatabase(world: World, texts: Record<string, string>): Promise<string[]> {
  const cells = await everyCell(world);
  return Object.entries(texts).flatMap(([name, text]) =>
    cells
      .filter(({ value }) => value.includes(text))
      .map(({ table, column }) => `${name} in ${table}.${column}`)
      .sort()
      .filter((found, index, all) => all.indexOf(found) === index),
  );
}

/** The same of the files of the stack: the database with its log ahead, streams, services' logs, credentials. */
export async function onDisk(world: World, texts: Record<string, string | Buffer>): Promise<string[]> {
  const folder = await realpath(dirname(dirname(world.stack.tokenFile)));
  const data = await realpath(join(folder, 'postgres', 'data'));
  const found: string[] = [];
  for (const path of [...(await filesBelow(folder)), ...(data.startsWith(folder) ? [] : await filesBelow(data))]) {
    const content = await readFile(path).catch(ifGone);
    for (const [name, text] of Object.entries(texts)) if (content?.includes(text)) found.push(`${name} in ${path}`);
  }
  return found;
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = (await readdir(folder, { recursive: true })).map((name) => join(folder, name));
  const files = await Promise.all(entries.map(async (path) => (await stat(path).catch(ifGone))?.isFile() === true));
  return entries.filter((_, index) => files[index]);
}

/** What runs deletes and renames its files as it likes. */
function ifGone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' && error.code !== 'ENXIO') throw error;
}
