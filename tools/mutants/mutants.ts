/**
 * The rules that models hold, each as the change that takes it out. MUTANT=name runs any spec with that rule gone:
 * `MUTANT=name npx jest --selectProjects=unit --testPathPatterns mesh-model`.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import models from './models.json';

export const ROOT = resolve(__dirname, '../..');

export interface Model {
  name: string;
  /** From the root of the repository, as all paths here. MODEL_STORIES in its environment says how many. */
  spec: string;
  /** The folder of its rows: where a row lies says which model has to find it. */
  mutants: string;
  /** As many as in the model's everyday run, which find most, and more where those find nothing. */
  stories: number[];
}

export interface Change {
  file: string;
  /** Stands once in the file; lines where it is several. */
  find: string | string[];
  replace: string | string[];
}

export interface Row extends Change {
  name: string;
  /** What holds while nobody takes it out. */
  rule: string;
  /** Where the rule is held in more places than one: none of them alone shows. */
  also?: Change[];
  /** The spec that finds it where the model cannot, and why it cannot. */
  heldBy?: string;
  because?: string;
}

export interface Mutant extends Row {
  model: Model;
}

export const MODELS: readonly Model[] = models;

const rowsIn = (folder: string): Row[] =>
  readdirSync(join(ROOT, folder))
    .filter((file) => file.endsWith('.json'))
    .flatMap((file) => JSON.parse(readFileSync(join(ROOT, folder, file), 'utf8')) as Row[]);

export const MUTANTS: readonly Mutant[] = MODELS.flatMap((model) =>
  rowsIn(model.mutants).map((row) => ({ ...row, model })),
);

export const changesOf = (row: Row): Change[] => [row, ...(row.also ?? [])];

export const textOf = (lines: string | string[]): string => (Array.isArray(lines) ? lines.join('\n') : lines);
