import { isNodeName } from '@plexsphere/wire';
import { misuse, type Failure } from '../../failure';

/** The Nodes that a file names: a line a name, or a JSON object with one; what is empty or begins with # says nothing. */
export function namesIn(text: string): string[] {
  const names = new Map<string, number>();
  for (const [index, line] of text.split('\n').entries()) {
    const written = line.trim();
    if (written === '' || written.startsWith('#')) continue;
    const name = written.startsWith('{') ? memberOf(written) : written;
    if (!isNodeName(name))
      throw inLine(index + 1, 'names no Node', 'letters, digits, dot, dash and underscore, at most 63');
    const before = names.get(name);
    if (before !== undefined) throw inLine(index + 1, 'names a Node twice', `line ${before} has it already`);
    names.set(name, index + 1);
  }
  if (names.size === 0) throw misuse('--from names no Node', 'from', 'write one name a line');
  return [...names.keys()];
}

function memberOf(line: string): unknown {
  try {
    return (JSON.parse(line) as { name?: unknown }).name;
  } catch {
    return undefined;
  }
}

const inLine = (line: number, what: string, hint: string): Failure =>
  misuse(`--from ${what}: line ${line}`, 'from', hint);
