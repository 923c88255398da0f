/** Headers as they come: node:http's, or whatever has names and values (a Lambda's event, in any case). */
export type MessageHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Lines of one name are one list, as HTTP has it. Names that differ in their case alone are one name. */
export function headerOf(headers: MessageHeaders, name: string): string | undefined {
  let found: string | undefined;
  for (const each of Object.keys(headers)) {
    if (each.length !== name.length || (each !== name && each.toLowerCase() !== name)) continue;
    const value = headers[each];
    if (value === undefined || (typeof value !== 'string' && value.length === 0)) continue;
    const line = typeof value === 'string' ? value : value.join(', ');
    found = found === undefined ? line : `${found}, ${line}`;
  }
  return found;
}
