import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { StackOptions } from '@plexsphere/stack';
import { World } from './world';

export type Step = (world: World) => Promise<void>;

const STARTING_MS = 120_000;
const STEP_MS = 120_000;

/**
 * Runs a suite: the files `NN-what-happens.ts` of a folder, in order, on one stack of real processes. A step that fails
 * ends the story, since what follows stands on it.
 */
export function tellStory(folder: string, options: Omit<StackOptions, 'dir'> = {}): void {
  const steps = readdirSync(folder)
    .filter((file) => /^\d\d-.*\.ts$/.test(file))
    .sort();
  describe(basename(folder).replaceAll('-', ' '), () => {
    let world: World;
    let brokenAt: string | undefined;
    beforeAll(async () => (world = await World.create(options)), STARTING_MS);
    afterAll(async () => world?.end(), STARTING_MS);
    it.each(steps.map((file) => [file.replace(/\.ts$/, '').replaceAll('-', ' '), file]))(
      '%s',
      async (_, file) => {
        if (brokenAt !== undefined) throw new Error(`not reached: the story broke at ${brokenAt}`);
        brokenAt = file;
        // eslint-disable-next-line @typescript-eslint/no-require-imports -- Jest transforms what it requires
        const { step } = require(join(folder, file)) as { step: Step };
        await step(world);
        brokenAt = undefined;
      },
      STEP_MS,
    );
  });
}
