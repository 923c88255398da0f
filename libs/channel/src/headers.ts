/** Headers as they come: node:http's, or whatever has names and values (a Lambda's event, in any case). */
export type MessageHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Lines of one name are one list, as HTTP has it. Names that differ in their case alone are one name. */
export function headerOf(headers: MessageHeaders, name: string): string | undefined {
  const values = Object.entries(headers)
    .filter(([each, value]) => value !== undefined && each.length === name.length && each.toLowerCase() === name)
    .flatMap(([, value]) => value as string | string[]);
  return values.length === 0 ? undefined : values.join(', ');
}
