/** JSON from outside: a text, and what its members may be. */
export type JsonObject = Record<string, unknown>;

/** Undefined for anything but a JSON object. The parser's own words are dropped: they quote the text. */
export function parseObject(text: string): JsonObject | undefined {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return undefined;
  }
}

export const asObject = (value: unknown): JsonObject | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;

export const isText = (value: unknown): value is string => typeof value === 'string';

export const areTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText);

export const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

export const isEpoch = (value: unknown): value is number => isCount(value) && value >= 1;

export const isTime = (value: unknown): value is string => isText(value) && !Number.isNaN(Date.parse(value));
