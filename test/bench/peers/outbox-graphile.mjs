// graphile-worker as its page on performance has it: batches fetched ahead, completions in batches, prepared statements.
import { Logger, makeWorkerUtils, run } from 'graphile-worker';
import { openPrivateKey, openPublisher, serve, signed } from './outbox-kit.mjs';

const AT_A_TIME = 5_000;
/** By default it writes a line for each job. */
const silent = new Logger(() => () => undefined);
let runner;

serve({
  /** Makes its tables; the rows are written before it begins. */
  async enqueue({ databaseUrl, jobs }) {
    const utils = await makeWorkerUtils({ connectionString: databaseUrl, logger: silent });
    await utils.migrate();
    for (let from = 0; from < jobs.length; from += AT_A_TIME)
      await utils.addJobs(jobs.slice(from, from + AT_A_TIME).map((payload) => ({ identifier: 'deliver', payload })));
    await utils.release();
  },
  async run({ databaseUrl, natsUrl, privateKey, payload, signs, concurrency = 24 }) {
    const key = openPrivateKey(privateKey);
    const publish = await openPublisher(natsUrl);
    let shared;
    const textOf = (job) =>
      signs === 'each' ? signed(key, { payload, ...job }) : (shared ??= signed(key, { payload, ...job }));
    runner = await run({
      preset: {
        worker: {
          connectionString: databaseUrl,
          logger: silent,
          concurrentJobs: concurrency,
          maxPoolSize: 25,
          pollInterval: 100,
          localQueue: { size: 500 },
          completeJobBatchDelay: 0,
          failJobBatchDelay: 0,
        },
      },
      taskList: { deliver: (job) => publish(job, textOf(job)) },
      noHandleSignals: true,
    });
  },
  async stop() {
    await runner.stop();
  },
});
