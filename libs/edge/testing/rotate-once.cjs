'use strict';
// A host's command as a process of its own: another key for each line of its input, or at once where that has none, and what
// came of it. Needs what `npm run build` makes.
const process = require('node:process');
const { createInterface } = require('node:readline');
const { EdgeError, openEdgeAgent } = require('@plexsphere/edge');

(async () => {
  const agent = await openEdgeAgent({ folder: process.env.EDGE_FOLDER });
  try {
    if (process.env.EDGE_ASKED_BY_LINES === undefined) await rotate(agent);
    else {
      process.stdout.write('open\n');
      for await (const line of createInterface({ input: process.stdin })) if (line !== '') await rotate(agent);
    }
  } finally {
    await agent.stop();
  }
})();

async function rotate(agent) {
  try {
    await agent.rotateKeys({ keepOldMs: 86_400_000 });
    process.stdout.write('done\n');
  } catch (error) {
    if (!(error instanceof EdgeError)) throw error;
    process.stdout.write(`${error.code}\n`);
  }
}
