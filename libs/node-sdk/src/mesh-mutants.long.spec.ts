/**
 * Each rule of the mesh is there because something goes wrong without it: the model is run with one rule taken out at a
 * time, and must find that. `npm run test:long -- mesh-mutants -t NAME` runs one.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { seededRandom } from '@plexsphere/testkit';
import { MUTANTS, type Mutant } from '../testing/mesh-model/mutants';

const ROOT = resolve(__dirname, '../../..');
const MODEL = 'libs/node-sdk/src/mesh-model.spec.ts';
/** As many as in the model's everyday run, which find most, and more where those find nothing. */
const STORIES = (process.env['MESH_STORIES'] ?? '10,100').split(',');
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
function failuresOf(spec: string, mutant?: string, stories = STORIES.at(-1)): Failure[] {
  const file = join(folder, `${mutant ?? 'none'}.json`);
  const jest = [require.resolve('jest/bin/jest'), '--selectProjects=unit', '--runInBand', '--runTestsByPath', spec];
  const ran = spawnSync(process.execPath, [...jest, '--json', `--outputFile=${file}`], {
    cwd: ROOT,
    env: { ...process.env, MESH_STORIES: stories, TEST_SEED: `${seed}`, ...(mutant && { MESH_MUTANT: mutant }) },
    encoding: 'utf8',
  });
  const { testResults } = JSON.parse(readFileSync(file, 'utf8')) as Results;
  const [results, ...others] = testResults;
  if (results === undefined || others.length > 0 || results.assertionResults.length === 0) throw new Error(ran.stderr);
  return results.assertionResults
    .filter(({ status }) => status === 'failed')
    .map(({ title, failureMessages }) => ({ title, message: failureMessages.join('\n') }));
}

test('with all of its rules the model holds', () => {
  expect(failuresOf(MODEL)).toEqual([]);
}, 3_600_000);

test.each(MUTANTS.map((mutant): [string, Mutant] => [mutant.name, mutant]))(
  'without the rule it is found: %s',
  (name, { rule, heldBy }) => {
    const beganAt = performance.now();
    let first: Failure | undefined;
    for (const stories of heldBy === undefined ? STORIES : STORIES.slice(0, 1)) {
      first ??= failuresOf(heldBy ?? MODEL, name, stories)[0];
    }
    if (first === undefined) throw new Error(`nothing shows that this rule is gone: ${rule}`);
    // What breaks by itself shows nothing of the rule.
    expect(first.message).not.toMatch(/^(TypeError|ReferenceError|SyntaxError)/);
    const seconds = ((performance.now() - beganAt) / 1_000).toFixed(1);
    const [story] = /story \d+ of \d+/.exec(first.message) ?? [''];
    process.stderr.write(`${name}: ${heldBy ?? 'the model'}, ${first.title} ${story} (${seconds} s)\n`);
  },
  3_600_000,
);
