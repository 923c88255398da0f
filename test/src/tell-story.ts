import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { StackOptions } from '@plexsphere/stack';
import { Ground, World } from './world';

export type Step = (world: World) => Promise<void>;

const STARTING_MS = 240_000;
/** Long tests have more. */
const stepMs = (): number => Number(process.env['TEST_STEP_MS'] ?? 240_000);

/** Runs a suite: the files `NN-what-happens.ts` of a folder, in order, on one stack of real processes. */
export function tellStory(folder: string, options: Omit<StackOptions, 'dir'> = {}): void {
  tellStories([folder], options);
}

/**
 * Runs several suites on one stack, in the order given, each in a Domain of its own: bringing a stack up costs more than
 * telling most of them. Only for those that kill, cut off and change nothing that the next one needs.
 */
export function tellStories(folders: string[], options: Omit<StackOptions, 'dir'> = {}): void {
  const ground = groundFor(options);
  for (const folder of folders) describe(spoken(folder), () => tellSteps(folder, async () => World.on(await ground())));
}

/**
 * Runs each file of a folder as a story by itself, all at the same time, each in a Domain of its own: for stories that
 * mostly wait; of which TEST_STORY may name one. Then those of other folders step by step, which may stop what all share.
 */
export function tellAtOnce(folder: string, others: string[], options: Omit<StackOptions, 'dir'> = {}): void {
  const ground = groundFor(options);
  describe(spoken(folder), () => tellEach(folder, async () => World.on(await ground())));
  for (const other of others) describe(spoken(other), () => tellSteps(other, async () => World.on(await ground())));
}

function groundFor(options: Omit<StackOptions, 'dir'>): () => Promise<Ground> {
  let ground: Promise<Ground> | undefined;
  beforeAll(() => (ground = Ground.prepare(options)), STARTING_MS);
  afterAll(async () => (await ground)?.remove(), STARTING_MS);
  return () => ground!;
}

const spoken = (path: string): string => basename(path, '.ts').replaceAll('-', ' ');

const stepOf = (folder: string, file: string): Step =>
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- Jest transforms what it requires
  (require(join(folder, file)) as { step: Step }).step;

function tellEach(folder: string, begin: () => Promise<World>): void {
  const only = process.env['TEST_STORY'] ?? '';
  const files = readdirSync(folder).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.spec.ts') && file.includes(only),
  );
  const told = new Map<string, Promise<void>>();
  beforeAll(() => {
    for (const file of files) told.set(file, tell(stepOf(folder, file), begin));
    // Awaited below, each by its own test, however early it fails.
    void Promise.allSettled(told.values());
  });
  it.each(files.map((file) => [spoken(file), file]))('%s', (_, file) => told.get(file), stepMs());
  afterAll(() => Promise.allSettled(told.values()), STARTING_MS);
}

async function tell(step: Step, begin: () => Promise<World>): Promise<void> {
  const world = await begin();
  try {
    await step(world);
  } finally {
    await world.end();
  }
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
  it.each(steps.map((file) => [spoken(file), file]))(
    '%s',
    async (_, file) => {
      if (brokenAt !== undefined) throw new Error(`not reached: the story broke at ${brokenAt}`);
      brokenAt = file;
      await stepOf(folder, file)(world);
      brokenAt = undefined;
    },
    stepMs(),
  );
}
