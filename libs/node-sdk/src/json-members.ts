/** What a member of a JSON text may be: for whoever reads one by hand. */
export const isText = (value: unknown): value is string => typeof value === 'string';

export const areTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText);

export const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

export const isEpoch = (value: unknown): value is number => isCount(value) && value >= 1;
