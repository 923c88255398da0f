/**
 * What comes from outside, made harmless for whoever looks at it. Control characters steer a terminal; format characters
 * (U+202E turns round what follows it, U+200B is not there at all) have a name read as another one; line and paragraph
 * separators forge a line.
 */

const STEERING = '\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\p{Cs}';
const EVERY = new RegExp(`[${STEERING}]`, 'gu');
/** JSON and YAML are laid out by line feeds of their own; those within a text are escaped before. */
const EVERY_BUT_LINE_FEED = new RegExp(`(?!\n)[${STEERING}]`, 'gu');
const SOME = new RegExp(`[${STEERING}]`, 'u');

export const isSteering = (text: string): boolean => SOME.test(text);

/** As `\xNN`, or `\u{NNNN}` beyond that. */
export const printable = (text: string): string =>
  text.replace(EVERY, (character) => {
    const hex = hexOf(character);
    return hex.length <= 2 ? `\\x${hex.padStart(2, '0')}` : `\\u{${hex}}`;
  });

/** The same for a text of several lines, whose line feeds are ours. */
export const printableLines = (text: string): string => text.split('\n').map(printable).join('\n');

/** For a JSON text: they can stand in strings alone, where `\uNNNN` means the same. Beyond U+FFFF as two halves. */
export const escapedJson = (json: string): string =>
  json.replace(EVERY_BUT_LINE_FEED, (character) =>
    Array.from({ length: character.length }, (_, index) => `\\u${unit(character.charCodeAt(index), 4)}`).join(''),
  );

/** For a YAML text whose steering scalars are all double-quoted; there `\UNNNNNNNN` reaches beyond U+FFFF. */
export const escapedYaml = (yaml: string): string =>
  yaml.replace(EVERY_BUT_LINE_FEED, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code > 0xffff ? `\\U${unit(code, 8)}` : `\\u${unit(code, 4)}`;
  });

const hexOf = (character: string): string => (character.codePointAt(0) ?? 0).toString(16);
const unit = (code: number, digits: number): string => code.toString(16).padStart(digits, '0');
