// Many hosts in one process, each a Node with a folder and a key of its own, as libs/edge has them. Told by its parent whom to
// bring in, and asked what they saw. Needs what `npm run build` makes.
const process = require('node:process');
const { enrolByToken, openEdgeAgent, readHeld } = require('@plexsphere/edge');

const hosts = [];

async function begin({ name, folder, token, gateways }) {
  if ((await readHeld(folder)) === undefined)
    await enrolByToken({ folder, gateways, allowPlaintext: false, token, name, replace: false });
  const seen = { heard: [], connected: 0, disconnected: 0, changed: [], failed: [], refused: [], over: null };
  const agent = await openEdgeAgent({
    folder,
    onConnected: () => (seen.connected += 1),
    onDisconnected: () => (seen.disconnected += 1),
    onChanged: ({ what, why, generation, confirmed }) => seen.changed.push({ what, why, generation, confirmed }),
    onFailed: ({ code, about }) => seen.failed.push(`${code}: ${about}`),
    onRefused: ({ reason }) => seen.refused.push(reason),
    onOver: ({ status }) => (seen.over = status),
  });
  hosts.push({ name, agent, seen });
  await agent.start(({ position, eventId }) => Promise.resolve(void seen.heard.push({ position, eventId })));
}

process.on('message', async ({ begin: beginning, look }) => {
  if (beginning !== undefined) {
    for (const host of beginning) await begin(host);
    process.send({ begun: beginning.length });
  }
  if (look !== undefined) {
    const states = await Promise.all(hosts.map(({ agent }) => agent.status()));
    process.send({ hosts: hosts.map(({ name, seen }, index) => ({ name, status: states[index], ...seen })) });
  }
});
process.on('disconnect', () => void Promise.all(hosts.map(({ agent }) => agent.stop())).then(() => process.exit()));
