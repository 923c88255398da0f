import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { StackOptions } from '@plexsphere/stack';
import { Ground, World } from './world';

export type Step = (world: World) => Promise<void>;

const STARTING_MS = 240_000;
const STEP_MS = 240_000;

/** Runs a suite: the files `NN-what-happens.ts` of a folder, in order, on one stack of real processes. */
export function tellStory(folder: string, options: Omit<StackOptions, 'dir'> = {}): void {
  tellStories([folder], options);
}

/**
 * Runs several suites on one stack, in the order given, each in a Domain of its own: bringing a stack up costs more than
 * telling most of them. Only for those that kill, cut off and change nothing that the next one needs.
 */
export function tellStories(folders: string[], options: Omit<StackOptions, 'dir'> = {}): void {
  let ground: Ground | undefined;
  beforeAll(async () => void (ground = await Ground.prepare(options)), STARTING_MS);
  afterAll(async () => ground?.remove(), STARTING_MS);
  for (const folder of folders)
    describe(basename(folder).replaceAll('-', ' '), () => tellSteps(folder, () => World.on(ground!)));
}

/** A step that fails ends the story, since what follows stands on it. */
function tellSteps(folder: string, begin: () => Promise<World>): void {
  const steps = readdirSync(folder)
    .filter((file) => /^\d\d-.*\.ts$/.test(file))
    .sort();
  let world: World;
  let brokenAt: string | undefined;
  beforeAll(async () => (world = await begin()));
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
}
