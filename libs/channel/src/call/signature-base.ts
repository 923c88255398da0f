/** What is signed of a call (RFC 9421): exactly these components, in this order. */
import type { Target } from './target';

export const TAG = 'plexsphere-channel';
export const COMPONENTS = ['@method', '@path', '@query', 'content-digest'];
export const PARAMETERS = ['created', 'expires', 'nonce', 'keyid', 'tag'];

/** The base of a signature up to its parameters: what any that covers this call begins with. */
export function covered(target: Target, digest: string): string {
  const values = [target.method, target.path, target.query, digest];
  const lines = COMPONENTS.map((name, index) => `"${name}": ${values[index]}\n`);
  return `${lines.join('')}"@signature-params": (${COMPONENTS.map((name) => `"${name}"`).join(' ')})`;
}

/**
 * The library derives method, path and query from a URL that it parses, by which `/a/../b` becomes `/b`: here they are what
 * stands on the request line. Of anything else it is told nothing.
 */
export const componentsOf =
  (target: Target, digest: string) =>
  (name: string): string[] => {
    const values = [target.method, target.path, target.query, digest];
    return [values[COMPONENTS.indexOf(name)] ?? ''];
  };
