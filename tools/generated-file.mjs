// What every generator of a committed file does with its text: writes it, or with --check compares and says what to run.
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/**
 * `node tools/generate-<name>.mjs` writes the file; with `--check [file]` nothing is written, and the exit code is 1 where
 * the file (the committed one, unless another is named) has another text.
 */
export async function settle(path, text) {
  const [flag, other] = process.argv.slice(2);
  const file = other === undefined ? join(root, path) : resolve(other);
  if (flag === undefined) return writeFile(file, text);
  if (flag !== '--check') throw new Error(`usage: node ${command()} [--check [file]]`);
  const committed = await readFile(file, 'utf8').catch(() => '');
  if (committed === text) return;
  process.stderr.write(`${path} is not what ${command()} makes.\n${firstDifference(committed, text)}`);
  process.stderr.write(`Run: node ${command()}\n`);
  process.exitCode = 1;
}

const command = () => relative(root, process.argv[1]);

function firstDifference(committed, made) {
  const [before, after] = [committed.split('\n'), made.split('\n')];
  const line = after.findIndex((text, index) => text !== before[index]);
  const at = line === -1 ? after.length : line;
  return `  line ${at + 1}, committed: ${before[at] ?? '(no such line)'}\n  line ${at + 1}, made:      ${after[at] ?? '(no such line)'}\n`;
}

/** Markdown in the form that the formatter would give it, so that the two never undo each other's work. */
export const markdown = async (path, text) =>
  format(text, { ...(await resolveConfig(join(root, path))), parser: 'markdown' });

/** A table of Markdown: a bar inside a cell would end it. */
export function table(head, rows) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
