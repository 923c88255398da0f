/** The forms of what is shown; of `json` and `yaml` a program reads both streams. */
export const OUTPUTS = ['text', 'json', 'yaml'] as const;
export type Output = (typeof OUTPUTS)[number];

export const isOutput = (text: string): text is Output => (OUTPUTS as readonly string[]).includes(text);
