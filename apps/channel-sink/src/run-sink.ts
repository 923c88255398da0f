import 'reflect-metadata';
import { NodeClient, NodeSdkError, readEnrolment, type Enrolment } from '@plexsphere/node-sdk';
import { ConfigError, Health, Loop, ThrottledLog, createLogger, openHttp, type Logger } from '@plexsphere/service-kit';
import { help, readCommandLine, type CommandLine } from './command-line';
import { Rings, type MemberNames } from './rings';

/**
 * The life of a sink: read what it is told, be live, listen as a Node, and write what it hears; on SIGTERM finish what is
 * being written, then close.
 */
export async function runSink(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  if (argv.includes('--help')) {
    process.stdout.write(help());
    return;
  }
  try {
    const line = readCommandLine(argv, env);
    const logger = createLogger('channel-sink', line.config.logLevel);
    process.on('unhandledRejection', (err) => exitWith(logger, err));
    await run(line, logger).catch((error: unknown) => {
      if (error instanceof ConfigError || error instanceof NodeSdkError) throw error;
      exitWith(logger, error);
    });
    // Whatever is left (a driver's timer) has nothing more to do.
    process.exit(0);
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof NodeSdkError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  }
}

async function run({ config, targets }: CommandLine, logger: Logger): Promise<void> {
  const { store, allowPlaintext } = config;
  const enrolment = await readEnrolment(config.enrolment);
  const rings = await Rings.open(targets, { member: sinkOf(enrolment), store, allowPlaintext, logger });
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
  const health = new Health();
  let isHeard = false;
  health.check('node', () => (isHeard ? undefined : 'not answered yet'));
  rings.reportTo(health);
  const http = await openHttp(config.healthListen, health.answer);
  const node = new NodeClient({
    enrolment,
    storeDir: store,
    allowPlaintext,
    logger,
    beforeProof: (scope, keys, epoch) => rings.write(scope, keys, epoch),
    // What is published to all Nodes of the platform is nothing to a sink.
    handler: async () => undefined,
    onTurnedAway: ({ reason, since, attempts }) => logger.error({ reason, since, attempts }, 'turned away'),
    onRefused: ({ reason }) => logger.warn({ reason }, 'message refused'),
  });
  await node.start();
  node.ready().then(
    () => (isHeard = true),
    // It is being stopped.
    () => undefined,
  );
  const looking = lookAgain({ rings, node, everyMs: config.lookEvery, logger });
  logger.info({ health: http.address, rings: targets.map(({ ring, to }) => ({ ring, to })) }, 'listening');
  await stopped;
  logger.info('stopping');
  await looking.stop();
  await node.stop();
  await http.close();
  logger.info('stopped');
}

interface Looking {
  rings: Rings;
  node: NodeClient;
  everyMs: number;
  logger: Logger;
}

/** What was proven should stand there still: the party reads it whenever it likes. */
function lookAgain({ rings, node, everyMs, logger }: Looking): Loop {
  const log = new ThrottledLog(logger, 600_000);
  const loop = new Loop({
    turn: async () => {
      for (const [scope, error] of await rings.look()) {
        log.error({ err: error }, 'target is not as it was written', error.message);
        // One that cannot be read for now may stand there all the same.
        if (error.code === 'target_changed') node.member?.withdraw(scope);
      }
    },
    ...{ everyMs, failure: 'targets not looked at', logger },
  });
  loop.start(everyMs);
  return loop;
}

/** @throws ConfigError */
function sinkOf({ nodeId, channel }: Enrolment): MemberNames {
  if (channel?.sink !== true)
    throw new ConfigError('PLEXSPHERE_ENROLMENT is of no sink: plexctl channel add-member --sink writes one.');
  return { nodeId, slug: channel.slug, side: channel.side };
}

function exitWith(logger: Logger, err: unknown): never {
  logger.error({ err }, 'cannot go on');
  process.exit(1);
}
