import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from '@swc/core';
import { MODELS, MUTANTS, ROOT, changesOf, textOf } from './mutants';

it.each(MODELS.map((model) => [model.name, model] as const))('%s has a spec, and mutants', (_, model) => {
  expect(existsSync(join(ROOT, model.spec))).toBe(true);
  expect(MUTANTS.filter((mutant) => mutant.model === model)).not.toEqual([]);
});

it('no two mutants have one name', () => {
  const names = MUTANTS.map(({ name }) => name);
  expect(names).toEqual([...new Set(names)]);
});

/** So that a list that no longer fits the code fails here, and no mutant counts as found because it does not compile. */
describe.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))('the mutant %s', (_, mutant) => {
  it.each(changesOf(mutant).map((change) => [change.file, change] as const))(
    'changes one place, and compiles: %s',
    (file, change) => {
      const source = readFileSync(join(ROOT, file), 'utf8');
      const find = textOf(change.find);
      const replace = textOf(change.replace);
      expect(source.split(find).length - 1).toBe(1);
      expect(replace).not.toBe(find);
      const [before, after] = source.split(find);
      const syntax = { syntax: 'typescript', decorators: true } as const;
      transformSync(`${before}${replace}${after}`, { swcrc: false, configFile: false, jsc: { parser: syntax } });
    },
  );

  it('has a reason where another spec than the model finds it', () => {
    expect(mutant.because === undefined).toBe(mutant.heldBy === undefined);
    if (mutant.heldBy !== undefined) expect(existsSync(join(ROOT, mutant.heldBy))).toBe(true);
  });
});
