/**
 * Each rule is there because something goes wrong without it: its model is run with one rule taken out at a time, and must
 * find that. `npm run test:long -- mutants -t NAME` runs one.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@plexsphere/testkit';
import { MODELS, MUTANTS, ROOT, type Model, type Mutant } from './mutants';

const { seed } = seededRandom();

const folder = mkdtempSync(join(tmpdir(), 'plexsphere-mutants-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Results {
  testResults: { message: string; assertionResults: { status: string; title: string; failureMessages: string[] }[] }[];
}

interface Failure {
  title: string;
  message: string;
}

/** A spec with a rule taken out, in a process of its own. What failed, and how it was told. */
function failuresOf(spec: string, stories: number, mutant?: string): Failure[] {
  const file = join(folder, `${mutant ?? 'none'}.json`);
  const jest = [require.resolve('jest/bin/jest'), '--selectProjects=unit', '--runInBand', '--runTestsByPath', spec];
  const ran = spawnSync(process.execPath, [...jest, '--json', `--outputFile=${file}`], {
    cwd: ROOT,
    env: {
      ...{ ...process.env, MODEL_STORIES: `${stories}`, TEST_SEED: `${seed}` },
      ...{ MESH_DEPTH: '2', MESH_FAULTS: '1', ...(mutant && { MUTANT: mutant }) },
    },
    encoding: 'utf8',
  });
  const { testResults } = JSON.parse(readFileSync(file, 'utf8')) as Results;
  const [results, ...others] = testResults;
  if (results === undefined || others.length > 0 || results.assertionResults.length === 0) throw new Error(ran.stderr);
  return results.assertionResults
    .filter(({ status }) => status === 'failed')
    .map(({ title, failureMessages }) => ({ title, message: failureMessages.join('\n') }));
}

test.each(MODELS.map((model): [string, Model] => [model.name, model]))(
  'with all of its rules the model holds: %s',
  (_, { spec, stories }) => {
    expect(failuresOf(spec, Math.max(...stories))).toEqual([]);
  },
  3_600_000,
);

test.each(MUTANTS.map((mutant): [string, Mutant] => [mutant.name, mutant]))(
  'without the rule it is found: %s',
  (name, { rule, heldBy, model }) => {
    const beganAt = performance.now();
    let first: Failure | undefined;
    for (const stories of heldBy === undefined ? model.stories : model.stories.slice(0, 1)) {
      first ??= failuresOf(heldBy ?? model.spec, stories, name)[0];
    }
    if (first === undefined) throw new Error(`nothing shows that this rule is gone: ${rule}`);
    // What breaks by itself shows nothing of the rule.
    expect(first.message).not.toMatch(/^(TypeError|ReferenceError|SyntaxError)/);
    const seconds = ((performance.now() - beganAt) / 1_000).toFixed(1);
    const [story] = /story \d+ of \d+/.exec(first.message) ?? [''];
    process.stderr.write(`${name}: ${heldBy ?? model.name}, ${first.title} ${story} (${seconds} s)\n`);
  },
  3_600_000,
);
