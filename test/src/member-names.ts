/** Members of a JSON document, at any depth, that are not spelled in snake_case. */
export function notInSnakeCase(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const here = Array.isArray(value) ? path : `${path}.${name}`;
    const isFine = Array.isArray(value) || /^[a-z0-9_]+$/.test(name);
    return [...(isFine ? [] : [here]), ...notInSnakeCase(member, here)];
  });
}
