/** Which Nodes a fleet run is for, and the tags that an operator gives them. */
import { isUuid } from './names';
import { scopeKind, type Scope } from './scope';

export const MOST_TAGS = 16;
/** As many as a list of targets may name of a kind: what is more is a tag. */
const MOST_NAMED = 200;
const MOST_TARGETS = 16;

export const isTag = (value: unknown): value is string =>
  typeof value === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(value);

/** Each entry narrows it down; `all` is everyone with a Node key whom the caller may command. */
export type FleetTarget =
  { all: true } | { any_tags: string[] } | { all_tags: string[] } | { scope: Scope } | { ids: string[] };

const isListOf = (value: unknown, most: number, isItem: (item: unknown) => boolean): boolean =>
  Array.isArray(value) && value.length >= 1 && value.length <= most && value.every(isItem);

const IS_TARGET: Record<string, (value: unknown) => boolean> = {
  all: (value) => value === true,
  any_tags: (value) => isListOf(value, MOST_TAGS, isTag),
  all_tags: (value) => isListOf(value, MOST_TAGS, isTag),
  scope: (value) => scopeKind(value) === 'domain' || scopeKind(value) === 'platform',
  ids: (value) => isListOf(value, MOST_NAMED, isUuid),
};

function isFleetTarget(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const [member, ...others] = Object.entries(value);
  return member !== undefined && others.length === 0 && IS_TARGET[member[0]]?.(member[1]) === true;
}

export const areFleetTargets = (value: unknown): value is FleetTarget[] => isListOf(value, MOST_TARGETS, isFleetTarget);
