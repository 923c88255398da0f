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

const SCALAR = /true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const HEX = /[0-9a-fA-F]{4}/y;
const [BRACE, BRACE_END, BRACKET, BRACKET_END] = [0x7b, 0x7d, 0x5b, 0x5d];
const [QUOTE, BACKSLASH, COLON, COMMA, BLANK] = [0x22, 0x5c, 0x3a, 0x2c, 0x20];
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
export const wellFormed = (text: string): string => text.toWellFormed();

/** What a string literal says. */
export const textOf = (literal: string): string =>
  literal.includes('\\') ? (JSON.parse(literal) as string) : literal.slice(1, -1);

/** Goes over a text once and builds nothing: what is written there stays, but for blanks and HTML characters (`spelled`). */
class Scanner {
  private at = 0;
  private depth = 0;

  constructor(private readonly text: string) {}

  document(): void {
    this.value();
    this.end();
  }

  members(): Map<string, string> {
    const members = new Map<string, string>();
    if (this.next() !== BRACE) this.fail();
    this.at += 1;
    this.depth += 1;
    if (this.next() === BRACE_END) this.at += 1;
    else
      do {
        const name = this.name();
        this.skipBlanks();
        const start = this.at;
        this.value();
        members.set(name, this.text.slice(start, this.at));
      } while (this.goesOn(BRACE_END));
    this.end();
    return members;
  }

  private end(): void {
    if (!Number.isNaN(this.next())) this.fail();
  }

  private value(): void {
    switch (this.next()) {
      case BRACE:
        return this.container(BRACE_END, true);
      case BRACKET:
        return this.container(BRACKET_END, false);
      case QUOTE:
        return this.string();
      default:
        return this.match(SCALAR);
    }
  }

  private container(end: number, isNamed: boolean): void {
    if (++this.depth > MAX_DEPTH) this.fail();
    this.at += 1;
    if (this.next() === end) this.at += 1;
    else
      do {
        if (isNamed) this.colon();
        this.value();
      } while (this.goesOn(end));
    this.depth -= 1;
  }

  /** Behind an item: past the comma, or past the end of its container. */
  private goesOn(end: number): boolean {
    const code = this.next();
    if (code !== COMMA && code !== end) this.fail();
    this.at += 1;
    return code === COMMA;
  }

  private name(): string {
    this.skipBlanks();
    const start = this.at;
    const end = this.colon();
    return textOf(this.text.slice(start, end));
  }

  /** Past a name and its colon. Answers where the name ends. */
  private colon(): number {
    if (this.next() !== QUOTE) this.fail();
    this.string();
    const end = this.at;
    if (this.next() !== COLON) this.fail();
    this.at += 1;
    return end;
  }

  private string(): void {
    for (this.at += 1; ; this.at += 1) {
      const code = this.text.charCodeAt(this.at);
      if (code === QUOTE) break;
      if (code === BACKSLASH) this.escape();
      // Behind the last character it is NaN.
      else if (!(code >= BLANK)) this.fail();
    }
    this.at += 1;
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

  private match(token: RegExp): void {
    token.lastIndex = this.at;
    if (!token.test(this.text)) this.fail();
    this.at = token.lastIndex;
  }

  private next(): number {
    this.skipBlanks();
    return this.text.charCodeAt(this.at);
  }

  private skipBlanks(): void {
    for (; ; this.at += 1) {
      const code = this.text.charCodeAt(this.at);
      if (code !== BLANK && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
    }
  }

  private fail(): never {
    throw new JsonTextError(this.at);
  }
}

/** The canonical spelling of one JSON value. Throws JsonTextError. */
export function compactJson(text: string): string {
  const wellFormedText = wellFormed(text);
  if (!isTakenByEngine(wellFormedText)) new Scanner(wellFormedText).document();
  return spelled(wellFormedText);
}

/**
 * The engine's own parser takes the same texts as the scanner does and less of its time. False where that is not known,
 * because it refuses the text or because that may be nested too deep.
 */
function isTakenByEngine(text: string): boolean {
  if (!hasFewBrackets(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The canonical spelling of a value that was read: no blanks, and HTML characters escaped in strings. */
export const spelled = (text: string): string =>
  escapeHtml(BLANKS.test(text) ? text.replace(STRING_OR_BLANKS, '$1') : text);

const BLANKS = /[ \t\n\r]/;
const STRING_OR_BLANKS = /("[^"\\]*(?:\\.[^"\\]*)*")|[ \t\n\r]+/g;

/** No more than may be nested, those in strings included: in most texts there are a handful. */
function hasFewBrackets(text: string): boolean {
  if (text.length <= MAX_DEPTH) return true;
  let count = 0;
  for (const bracket of ['{', '[']) {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) {
      if (++count > MAX_DEPTH) return false;
    }
  }
  return true;
}

/** The members of a JSON object as they were written, of duplicates the last. Throws JsonTextError, also for any other kind of value. */
export const readMembers = (text: string): Map<string, string> => new Scanner(wellFormed(text)).members();
