/** What a call asks for, as it is signed: to the character, since whoever answers it goes by those. */

export interface Target {
  method: string;
  path: string;
  /** With its question mark, which stands alone where there is none (RFC 9421, section 2.2.7). */
  query: string;
}

const METHOD = /^[A-Z][A-Z-]{0,31}$/;
const MAX_LENGTH = 8_192;

/** Of a request line's target; undefined for what no server of ours answers (`*`, another server's URL). */
export function readTarget(method: string, target: string): Target | undefined {
  if (!METHOD.test(method) || !/^\/[!-~]*$/.test(target) || target.length > MAX_LENGTH) return undefined;
  const [path, query] = splitAt(target, target.indexOf('?'));
  return { method, path, query: query === '' ? '?' : query };
}

/**
 * Goes beside a signature, unsigned: where a proxy wrote the target anew, the other end can say so in place of
 * `signature_invalid`. It is never believed: it only has to make the signature a good one, of a request that is refused.
 */
export const SIGNED_TARGET = 'plexsphere-signed-target';

export const spellTarget = ({ method, path, query }: Target): string =>
  `${method} ${path}${query === '?' ? '' : query}`;

export function readSignedTarget(text: string | undefined): Target | undefined {
  const [method, target] = splitAt(text ?? '', (text ?? '').indexOf(' '));
  return readTarget(method, target.slice(1));
}

const splitAt = (text: string, index: number): [string, string] =>
  index === -1 ? [text, ''] : [text.slice(0, index), text.slice(index)];
