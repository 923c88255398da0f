// Many SDK Nodes in one process, each with a connection and a folder of its own: asked what they have seen, by the clock of
// the machine. Needs what `npm run build` makes.
const { performance } = require('node:perf_hooks');
const process = require('node:process');
const { NodeClient, parseEnrolment } = require('@plexsphere/node-sdk');

/** Microseconds count: Date.now() alone has none. */
const now = () => performance.timeOrigin + performance.now();

const nodes = [];
/** When each event was handed to its Node's handler, by event id; kept only where somebody asks for it. */
let applied = new Map();
let keepsApplied = false;

async function begin({ enrolments, keeps }) {
  keepsApplied = keeps;
  for (const { text, storeDir } of enrolments) {
    const node = { trusts: [], keyIds: [] };
    node.client = new NodeClient({
      enrolment: parseEnrolment(text),
      storeDir,
      handler: async ({ eventId }) => void (keepsApplied && applied.set(eventId, now())),
      onTrusts: ({ keyIds }) => void node.trusts.push({ at: now(), keyIds }),
    });
    nodes.push(node);
  }
  await inTurns(nodes, (node) => node.client.start());
  await Promise.all(nodes.map((node) => node.client.ready()));
  return nodes.length;
}

/** A few at a time: a server that is dialled by thousands at once hangs up on some. */
async function inTurns(all, work) {
  const left = [...all];
  await Promise.all(
    Array.from({ length: 32 }, async () => {
      for (let next = left.pop(); next !== undefined; next = left.pop()) await work(next);
    }),
  );
}

const answers = {
  begin,
  /** When each Node ceased to trust the key; null where it still does. */
  refuses: (keyId) =>
    nodes.map(({ trusts }) => trusts.find(({ keyIds }, at) => at > 0 && !keyIds.includes(keyId))?.at ?? null),
  /** From now on: what was seen before is forgotten, but for whom each trusts. */
  forget: () => {
    applied = new Map();
    for (const node of nodes) node.trusts = node.trusts.slice(-1);
  },
  applied: () => [...applied],
  stop: () => inTurns(nodes, (node) => node.client.stop()),
};

process.on('message', (question) => {
  const [name, argument] = Object.entries(question)[0];
  Promise.resolve(answers[name](argument)).then(
    (answer) => process.send({ answer }),
    (error) => {
      process.stderr.write(`${error.stack}\n`);
      process.exit(1);
    },
  );
});
process.on('disconnect', () => process.exit());
