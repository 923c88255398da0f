import { createHash } from 'node:crypto';
import { problem } from '@plexsphere/wire';

/**
 * Where a page ended, as the caller hands it back: which listing it is of, then where to go on. It proves nothing and
 * grants nothing: whoever makes one up begins somewhere else in what they may see anyhow.
 */
const NAME_CHARACTERS = 8;

/** `asked` is what the listing was asked for, without what may differ from page to page. */
export const writeCursor = (asked: readonly unknown[], parts: readonly string[]): string =>
  [nameOf(asked), ...parts].join('.');

/** @throws Problem invariantViolation, field `after`, for the cursor of another listing and for none of ours */
export function readCursor(asked: readonly unknown[], cursor: string, parts: readonly RegExp[]): string[] {
  const [name, ...given] = cursor.split('.');
  const fits = given.length === parts.length && parts.every((part, i) => part.test(given[i] ?? ''));
  if (name !== nameOf(asked) || !fits) throw problem('invariantViolation', { field: 'after' });
  return given;
}

const nameOf = (asked: readonly unknown[]): string =>
  createHash('sha256')
    .update(JSON.stringify(asked.map((part) => part ?? null)))
    .digest('base64url')
    .slice(0, NAME_CHARACTERS);
