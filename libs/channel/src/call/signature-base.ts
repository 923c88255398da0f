/** What is signed of a call (RFC 9421): exactly these components, in this order. */
import type { Target } from './target';

export const TAG = 'plexsphere-channel';
/** Of one call: more than there are keys in a rotation. */
export const MAX_SIGNATURES = 16;
const COMPONENTS = ['@method', '@path', '@query', 'content-digest'];
/** As the parameters of a signature begin with them. */
export const COVERED = `(${COMPONENTS.map((name) => `"${name}"`).join(' ')})`;

/** The base of a signature up to its parameters: what any that covers this call begins with. */
export const covered = ({ method, path, query }: Target, digest: string): string =>
  `"@method": ${method}\n"@path": ${path}\n"@query": ${query}\n"content-digest": ${digest}\n"@signature-params": ${COVERED}`;

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
