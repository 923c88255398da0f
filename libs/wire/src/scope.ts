/**
 * The grammar of scopes, one row a kind. Here, so that plexctl refuses before it dials exactly what a service would
 * refuse after. What a kind means for its keys is the domain's table (SCOPE_POLICIES); a kind that has no row there is a
 * reserved name, which a token may bear and no ring has.
 */

/** What a key ring belongs to, and all that names it. */
export type Scope = string;

/** The parts in angle brackets: `<name:grammar>`. */
export const SCOPE_KINDS = {
  platform: 'platform',
  domain: 'domain:<id:uuid>',
  issuer: 'issuer:<slug:slug>',
  /** One direction of a pair: `channel:<slug>` alone names no ring. A side has no dash, so there is one way to read it. */
  channel: 'channel:<slug:slug>:<from:side>-to-<to:side>',
} as const;

export type ScopeKind = keyof typeof SCOPE_KINDS;

export const UUID_PATTERN = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';

const GRAMMARS = {
  uuid: { pattern: UUID_PATTERN, longest: 36 },
  slug: { pattern: '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?', longest: 63 },
  side: { pattern: '[a-z][a-z0-9]{0,30}', longest: 31 },
};

type PartsOf<Form> = Form extends `${string}<${infer Name}:${string}>${infer Rest}` ? Name | PartsOf<Rest> : never;

/** A scope's kind and its parts, each under its name in the table. */
export type ParsedScope = {
  [Kind in ScopeKind]: { kind: Kind } & Record<PartsOf<(typeof SCOPE_KINDS)[Kind]>, string>;
}[ScopeKind];

const PART = /<(\w+):(\w+)>/g;
const grammar = (name: string) => GRAMMARS[name as keyof typeof GRAMMARS];
const FORMS = Object.entries(SCOPE_KINDS).map(([kind, form]) => ({
  kind: kind as ScopeKind,
  pattern: new RegExp(`^${form.replace(PART, (_, name, of) => `(?<${name}>${grammar(of).pattern})`)}$`),
  longest: form.replace(PART, (_, _name, of) => '-'.repeat(grammar(of).longest)).length,
}));

export const MAX_SCOPE_LENGTH = Math.max(...FORMS.map(({ longest }) => longest));

/** undefined for what is no scope: in capitals, in another spelling, or with anything before or after it. */
export function parseScope(text: unknown): ParsedScope | undefined {
  if (typeof text !== 'string' || text.length > MAX_SCOPE_LENGTH) return undefined;
  const form = formOf(text);
  const match = form?.pattern.exec(text) ?? null;
  return form === undefined || match === null ? undefined : ({ kind: form.kind, ...match.groups } as ParsedScope);
}

/** The one that it may be of: each begins with its kind. */
const formOf = (text: string): (typeof FORMS)[number] | undefined => FORMS.find(({ kind }) => text.startsWith(kind));

/** The same without its parts, which take longer to put together than a scope does to be known for one. */
export function scopeKind(text: unknown): ScopeKind | undefined {
  if (typeof text !== 'string' || text.length > MAX_SCOPE_LENGTH) return undefined;
  const known = KNOWN_KINDS.get(text);
  if (known !== undefined) return known;
  const form = formOf(text);
  if (form?.pattern.test(text) !== true) return undefined;
  if (KNOWN_KINDS.size >= MOST_KNOWN) KNOWN_KINDS.clear();
  KNOWN_KINDS.set(text, form.kind);
  return form.kind;
}

/** Of the scopes that were looked at last: they are asked about again and again, several times in each request. */
const KNOWN_KINDS = new Map<string, ScopeKind>();
const MOST_KNOWN = 1_024;

export const isScope = (text: unknown): text is Scope => scopeKind(text) !== undefined;

export const PLATFORM: Scope = 'platform';

export const domainScope = (id: string): Scope => `domain:${id}`;

/** undefined for a scope of another kind. */
export function domainId(scope: Scope): string | undefined {
  const parsed = parseScope(scope);
  return parsed?.kind === 'domain' ? parsed.id : undefined;
}

export const issuerScope = (slug: string): Scope => `issuer:${slug}`;

/** undefined for a scope of another kind. */
export function issuerSlug(scope: unknown): string | undefined {
  const parsed = parseScope(scope);
  return parsed?.kind === 'issuer' ? parsed.slug : undefined;
}

/** What a scope is called in the ids of its keys, which are unique in it alone: its slug where it has one, else its kind. */
export function scopeName(scope: Scope): string {
  const parsed = parseScope(scope);
  if (parsed === undefined) return '';
  return 'slug' in parsed ? parsed.slug : parsed.kind;
}
