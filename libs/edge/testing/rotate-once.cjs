'use strict';
// A host's command as a process of its own: another key, and then what came of it. Needs what `npm run build` makes.
const process = require('node:process');
const { EdgeError, openEdgeAgent } = require('@plexsphere/edge');

(async () => {
  const agent = await openEdgeAgent({ folder: process.env.EDGE_FOLDER });
  try {
    await agent.rotateKeys({ keepOldMs: 86_400_000 });
    process.stdout.write('done\n');
  } catch (error) {
    if (!(error instanceof EdgeError)) throw error;
    process.stdout.write(`${error.code}\n`);
  } finally {
    await agent.stop();
  }
})();
