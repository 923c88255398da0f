// How what it costs grows with the mesh: points, pictures of them, and what a larger one needs. By name alone: it takes long.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryRoot } from '@plexsphere/stack';
import type { Bench } from '../src/bench';
import type { BenchWorld } from '../src/bench-world';
import { pointsOf, presenceOf } from '../src/curves/measure';
import { needsOf, needsTable } from '../src/curves/needs';
import { picturesOf } from '../src/curves/pictures';
import { idleOf, type Measured, type Point } from '../src/curves/points';
import { limited, type Row } from '../src/row';

/** Of what `docs/performance.md` shows. A quick run, which is no measurement, leaves it alone. */
const SHOWN = join(repositoryRoot, 'docs', 'performance');
const LARGER = { nodes: 1_000_000, domains: 100 };

export const bench: Bench = {
  name: 'curves',
  takesSeconds: 960,
  takesQuickly: 90,
  isByNameAlone: true,
  async run(bench: BenchWorld): Promise<Row[]> {
    const quick = { sizes: [200, 1_000, 3_000], idleSeconds: 3, present: 100, presentSeconds: 5, folder: bench.dir };
    const full = {
      sizes: [1_000, 10_000, 100_000, 250_000],
      idleSeconds: 30,
      present: 2_000,
      presentSeconds: 60,
      folder: SHOWN,
    };
    const { sizes, idleSeconds, present, presentSeconds, folder } = bench.quick ? quick : full;
    const measured = {
      presence: await presenceOf(bench, present, presentSeconds),
      points: await pointsOf(bench, sizes, idleSeconds),
    };
    await keep(folder, measured);
    return measured.points.flatMap(rowsOf);
  },
};

async function keep(folder: string, measured: Measured): Promise<void> {
  const files = {
    ...picturesOf(measured.points),
    'curves.json': `${JSON.stringify(measured, undefined, 2)}\n`,
    'needs.md': `# What ${LARGER.nodes.toLocaleString('en-US')} Nodes in ${LARGER.domains} Domains need\n\nComputed from [the points](curves.json) by \`npm run bench -- curves\`.\n\n${needsTable(needsOf(measured, LARGER))}`,
  };
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
}

function rowsOf(point: Point): Row[] {
  const figures = [
    ['fan-out', 'per s', 'higher', point.fanOutPerSecond],
    ['open, whole commit', 'ms', 'lower', point.commitMs],
    ['latency p50', 'ms', 'lower', point.latencyMs],
    ['idle', '% of a core', 'lower', idleOf(point)],
    ['status', 'ms', 'lower', point.statusMs],
  ] as const;
  return figures.map(([name, unit, better, value]) =>
    limited({ name: `${name}, ${point.nodes} Nodes`, unit, better, reach: null, against_what: '' }, [value]),
  );
}
