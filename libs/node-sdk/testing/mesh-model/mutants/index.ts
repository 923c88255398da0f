/**
 * The rules of chain, walk, forks and bundles, each as the change that takes it out. MESH_MUTANT=name runs any spec with
 * that rule gone: `MESH_MUTANT=name npx jest --selectProjects=unit --testPathPatterns mesh-model`.
 */
import readersSide from './readers-side.json';
import relaysSide from './relays-side.json';

export interface Change {
  /** From the root of the repository. */
  file: string;
  /** Stands once in the file; lines where it is several. */
  find: string | string[];
  replace: string | string[];
}

export interface Mutant extends Change {
  name: string;
  /** What holds while nobody takes it out. */
  rule: string;
  /** Where the rule is held in more places than one: none of them alone shows. */
  also?: Change[];
  /** The spec that finds it where the model cannot, and why it cannot. */
  heldBy?: string;
  because?: string;
}

export const MUTANTS: readonly Mutant[] = [...readersSide, ...relaysSide];

export const changesOf = (mutant: Mutant): Change[] => [mutant, ...(mutant.also ?? [])];

export const textOf = (lines: string | string[]): string => (Array.isArray(lines) ? lines.join('\n') : lines);
