import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { blocks } from '../../docs/documents';
import { compileStrictly } from '../../src/compile-strictly';
import type { Step } from '../../src/tell-story';
import { project } from './project';

/** What the ten lines use of Node.js: nobody else's types are installed, and none are needed. */
const NODE = `declare const console: { log(...what: unknown[]): void };
declare const process: { once(signal: 'SIGTERM', listener: () => void): void };
`;

const WRONG = `import { NodeClient, NodeSdkError, type NodeSdkErrorCode } from '@plexsphere/node-sdk';
// @ts-expect-error it needs options
new NodeClient({});
// @ts-expect-error no such code
new NodeSdkError('no_such_code');
export const code: NodeSdkErrorCode = 'store_in_use';
`;

export const step: Step = async (world) => {
  const folder = await project(world);
  const readme = await readFile(join(folder, 'node_modules/@plexsphere/node-sdk/README.md'), 'utf8');
  const [example = ''] = blocks(readme, 'ts');
  expect(example.split('\n').filter((line) => line !== '')).toHaveLength(10);
  const files = { 'node.mts': example, 'node.cts': example, 'wrong.mts': WRONG, 'wrong.cts': WRONG, 'node.d.ts': NODE };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  await compileStrictly(folder, Object.keys(files));
};
