/**
 * Reads JSON as text: validates it fully (RFC 8259) and gives back its own spelling, so that `1.0`, 20-digit integers,
 * duplicate keys and escapes survive, which JSON.parse would lose. Knows nothing of envelopes. Runs in linear time on
 * whatever a stranger sends.
 */

/** Containers in containers. Deep enough for any event, shallow enough that a hostile text cannot exhaust the stack. */
export const MAX_DEPTH = 512;

export class JsonTextError extends Error {
  override readonly name = 'JsonTextError';

  constructor(readonly offset: number) {
    super('not JSON text');
  }
}

/** One value: as it was written, and in the canonical spelling (no blanks, HTML characters escaped in strings). */
export interface JsonValueText {
  raw: string;
  compact: string;
}

const SCALAR = /true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const HEX = /[0-9a-fA-F]{4}/y;
const LONE_SURROGATE = /\p{Surrogate}/gu;
const HTML = /[<>&\u2028\u2029]/g;

/** The spelling that Go's encoder gives to these five; everything else in a string literal stays as it is. */
export const escapeHtml = (literal: string): string =>
  literal.replace(HTML, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

/**
 * A member's name as Go's encoding/json compares it: ASCII without regard to case, and the two characters beyond ASCII
 * that Unicode's simple folding takes for `s` and `k`. Not toLowerCase, which knows more.
 */
export const foldCase = (name: string): string =>
  name.replace(/[A-Z\u017f\u212a]/g, (character) =>
    character === '\u017f' ? 's' : character === '\u212a' ? 'k' : character.toLowerCase(),
  );

/** UTF-8 has no lone surrogates: what is signed must be the very text that arrives. */
export const wellFormed = (text: string): string => text.replace(LONE_SURROGATE, '\ufffd');

class Scanner {
  private at = 0;
  private depth = 0;

  constructor(private readonly text: string) {}

  document(): string {
    const compact = this.value();
    this.end();
    return compact;
  }

  members(): Map<string, JsonValueText> {
    const members = new Map<string, JsonValueText>();
    if (this.next() !== '{') this.fail();
    this.container('}', () => {
      const name = this.name();
      this.skipBlanks();
      const start = this.at;
      const compact = this.value();
      members.set(JSON.parse(name) as string, { raw: this.text.slice(start, this.at), compact });
      return '';
    });
    this.end();
    return members;
  }

  private end(): void {
    if (this.next() !== undefined) this.fail();
  }

  private value(): string {
    switch (this.next()) {
      case '{':
        return `{${this.container('}', () => `${this.name()}:${this.value()}`)}}`;
      case '[':
        return `[${this.container(']', () => this.value())}]`;
      case '"':
        return this.string();
      default:
        return this.match(SCALAR);
    }
  }

  private container(end: '}' | ']', item: () => string): string {
    if (++this.depth > MAX_DEPTH) this.fail();
    this.at += 1;
    const items: string[] = [];
    if (this.next() !== end) {
      items.push(item());
      while (this.next() === ',') {
        this.at += 1;
        items.push(item());
      }
      if (this.next() !== end) this.fail();
    }
    this.at += 1;
    this.depth -= 1;
    return items.join(',');
  }

  private name(): string {
    if (this.next() !== '"') this.fail();
    const name = this.string();
    if (this.next() !== ':') this.fail();
    this.at += 1;
    return name;
  }

  private string(): string {
    const start = this.at;
    for (this.at += 1; ; this.at += 1) {
      const character = this.text[this.at];
      if (character === undefined || character < ' ') this.fail();
      if (character === '"') break;
      if (character === '\\') this.escape();
    }
    this.at += 1;
    return escapeHtml(this.text.slice(start, this.at));
  }

  /** Leaves `at` on the last character of the escape. */
  private escape(): void {
    this.at += 1;
    const character = this.text[this.at];
    if (character === 'u') {
      this.at += 1;
      this.match(HEX);
      this.at -= 1;
    } else if (character === undefined || !'"\\/bfnrt'.includes(character)) this.fail();
  }

  private match(token: RegExp): string {
    token.lastIndex = this.at;
    const found = token.exec(this.text)?.[0];
    if (found === undefined) this.fail();
    this.at += found.length;
    return found;
  }

  private next(): string | undefined {
    this.skipBlanks();
    return this.text[this.at];
  }

  private skipBlanks(): void {
    for (;;) {
      const character = this.text[this.at];
      if (character !== ' ' && character !== '\n' && character !== '\r' && character !== '\t') return;
      this.at += 1;
    }
  }

  private fail(): never {
    throw new JsonTextError(this.at);
  }
}

/** The canonical spelling of one JSON value. Throws JsonTextError. */
export function compactJson(text: string): string {
  const wellFormedText = wellFormed(text);
  return compactQuickly(wellFormedText) ?? new Scanner(wellFormedText).document();
}

/**
 * The engine's own parser takes the same texts as the scanner does and a tenth of its time, but says nothing of how they
 * were written: of a text that it takes, all that stands outside strings and is no blank stays. Undefined where that is
 * not known, because it refuses the text or because that may be nested too deep.
 */
function compactQuickly(text: string): string | undefined {
  if (!hasFewBrackets(text)) return undefined;
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  return escapeHtml(BLANK.test(text) ? text.replace(STRING_OR_BLANKS, '$1') : text);
}

const BLANK = /[ \t\n\r]/;
const STRING_OR_BLANKS = /("[^"\\]*(?:\\.[^"\\]*)*")|[ \t\n\r]+/g;

/** No more than may be nested, those in strings included: in most texts there are a handful. */
function hasFewBrackets(text: string): boolean {
  let count = 0;
  for (const bracket of ['{', '[']) {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) {
      if (++count > MAX_DEPTH) return false;
    }
  }
  return true;
}

/** The members of a JSON object, of duplicates the last. Throws JsonTextError, also for any other kind of value. */
export const readMembers = (text: string): Map<string, JsonValueText> => new Scanner(wellFormed(text)).members();
