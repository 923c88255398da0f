/** A channel and its two rings. `channel:<slug>` names no ring: on a command line and in a token's scopes it means both. */
import { isScope, parseScope, type Scope } from '../scope';

/** The two ends, in the order in which they were named. */
export type Sides = readonly [string, string];

export const channelName = (slug: string): string => `channel:${slug}`;

/** One direction: `from` signs, `to` verifies. */
export const directionScope = (slug: string, from: string, to: string): Scope => `channel:${slug}:${from}-to-${to}`;

/** Both rings, in the order of their names: that in which their locks are taken. */
export const directionsOf = (slug: string, [one, other]: Sides): [Scope, Scope] => {
  const [first, second] = [directionScope(slug, one, other), directionScope(slug, other, one)];
  return first < second ? [first, second] : [second, first];
};

export interface Direction {
  slug: string;
  from: string;
  to: string;
}

/** undefined for a scope of another kind. */
export function channelDirection(scope: unknown): Direction | undefined {
  const parsed = parseScope(scope);
  return parsed?.kind === 'channel' ? { slug: parsed.slug, from: parsed.from, to: parsed.to } : undefined;
}

/** The channel that a direction is of; undefined for a scope of another kind. */
export function channelOf(scope: unknown): string | undefined {
  const direction = channelDirection(scope);
  return direction && channelName(direction.slug);
}

/** The slug of `channel:<slug>`; undefined for any other text, a direction among them. */
export function channelSlug(text: unknown): string | undefined {
  if (typeof text !== 'string' || !text.startsWith('channel:')) return undefined;
  const slug = text.slice('channel:'.length);
  return isSlug(slug) ? slug : undefined;
}

export const isSlug = (text: unknown): text is string =>
  typeof text === 'string' && !text.includes(':') && isScope(directionScope(text, 'a', 'b'));

export const isSide = (text: unknown): text is string =>
  typeof text === 'string' && !text.includes('-') && isScope(directionScope('a', text, 'b'));
