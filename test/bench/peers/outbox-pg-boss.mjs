// pg-boss by fetch() and complete(), which its own worker is made of: that one pauses for at least half a second between two
// batches. Batches as large as ours, two under way at a time, no priorities.
import PgBoss from 'pg-boss';
import { openPrivateKey, openPublisher, serve, signed } from './outbox-kit.mjs';

const QUEUE = 'deliver';
const AT_A_TIME = 5_000;
const BATCH = 512;
const IDLE_MS = 20;
let isOver = false;
let loops = [];
let boss;

const open = async (databaseUrl, connections) => {
  // Of what it looks after besides, nothing falls due meanwhile.
  const opened = new PgBoss({ connectionString: databaseUrl, max: connections, schedule: false, supervise: false });
  opened.on('error', (error) => console.error(error));
  await opened.start();
  await opened.createQueue(QUEUE);
  return opened;
};

serve({
  async enqueue({ databaseUrl, jobs }) {
    const opened = await open(databaseUrl, 2);
    for (let from = 0; from < jobs.length; from += AT_A_TIME)
      await opened.insert(jobs.slice(from, from + AT_A_TIME).map((data) => ({ name: QUEUE, data })));
    await opened.stop({ graceful: false });
  },
  async run({ databaseUrl, natsUrl, privateKey, payload, signs, concurrency = 2 }) {
    const key = openPrivateKey(privateKey);
    const publish = await openPublisher(natsUrl);
    boss = await open(databaseUrl, concurrency + 2);
    const work = async () => {
      while (!isOver) {
        const jobs = await boss.fetch(QUEUE, { batchSize: BATCH, priority: false });
        if (jobs.length === 0) await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
        else {
          let shared;
          await Promise.all(
            jobs.map(({ data }) => {
              const text =
                signs === 'each' ? signed(key, { payload, ...data }) : (shared ??= signed(key, { payload, ...data }));
              return publish(data, text);
            }),
          );
          await boss.complete(
            QUEUE,
            jobs.map(({ id }) => id),
          );
        }
      }
    };
    loops = Array.from({ length: concurrency }, work);
  },
  async stop() {
    isOver = true;
    await Promise.all(loops);
    await boss.stop({ graceful: false });
  },
});
