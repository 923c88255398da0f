/**
 * The longest that one part of an audit row may be, and a member of one that has to be cut. The log is kept for ever and
 * read in pages: no row may be as large as the mesh, or as a ring that has been rotated for years.
 */
const MAX_PART_CHARACTERS = 16_384;
const MAX_MEMBER_CHARACTERS = 2_048;

/** Of a list that is cut, the last so many: of a ring's keys those are the ones that changed. */
const KEPT_ITEMS = 20;

/** As it is kept. What is cut says how much there was. */
export function auditText(part: object): string {
  const text = JSON.stringify(part);
  if (text.length <= MAX_PART_CHARACTERS) return text;
  const cut = JSON.stringify(Object.fromEntries(Object.entries(part).map(([name, value]) => [name, cutMember(value)])));
  return cut.length <= MAX_PART_CHARACTERS ? cut : JSON.stringify({ cut: { characters: text.length } });
}

function cutMember(value: unknown): unknown {
  const text = JSON.stringify(value) ?? 'null';
  if (text.length <= MAX_MEMBER_CHARACTERS) return value;
  const last = Array.isArray(value) ? value.slice(-KEPT_ITEMS) : [];
  const isShort = JSON.stringify(last).length <= MAX_MEMBER_CHARACTERS;
  const count = Array.isArray(value) ? { items: value.length, last: isShort ? last : [] } : {};
  return { cut: { characters: text.length, ...count } };
}
