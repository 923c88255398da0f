import 'reflect-metadata';
import { edgeSightings, EdgeError, hostAgent, openEdgeAgent, serviceManager } from '@plexsphere/edge';
import { ConfigError, createLogger, readConfig, settingsHelp, type Logger } from '@plexsphere/service-kit';
import { EdgeAgentConfig } from './edge-agent-config';
import { EXIT_CODES, exitCodeOf } from './exit-codes';
import { showLines } from './show-lines';

/** The life of an agent: read what it is told, take the folder, be the Node until SIGTERM, and answer the exit code. */
export async function runEdgeAgent(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  if (argv.includes('--help')) {
    process.stdout.write(settingsHelp('edge-agent', EdgeAgentConfig, { hasHealth: false }));
    return EXIT_CODES.ended;
  }
  try {
    const config = readConfig(EdgeAgentConfig, env, argv);
    // Standard output is for what the Node sees.
    const logger = createLogger('edge-agent', config.logLevel, process.stderr);
    return await run(config, env, logger);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return EXIT_CODES.misconfigured;
  }
}

async function run({ state }: EdgeAgentConfig, env: NodeJS.ProcessEnv, logger: Logger): Promise<number> {
  const manager = serviceManager(env);
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  let exitCode: number = EXIT_CODES.ended;
  const end = (code: number): void => {
    exitCode = code;
    stop.abort();
  };
  const sightings = edgeSightings(showLines(process.stdout, () => end(EXIT_CODES.failed)));
  try {
    const agent = await openEdgeAgent({
      folder: state,
      logger,
      ...sightings,
      onConnected: () => {
        sightings.onConnected?.();
        void manager.status('connected');
      },
      onDisconnected: () => {
        sightings.onDisconnected?.();
        void manager.status('not connected');
      },
      onOver: (over) => {
        sightings.onOver?.(over);
        logger.error({ status: over.status }, 'this host is not a Node any more: enrol it anew');
        end(EXIT_CODES.over);
      },
    });
    const { handler } = sightings;
    const onHosting = (): void => void manager.ready('connecting');
    stop.signal.addEventListener('abort', () => void manager.stopping(), { once: true });
    const how = await hostAgent(agent, { folder: state, handler, stop: stop.signal, onHosting });
    logger.info({ how }, 'stopped');
    return exitCode;
  } catch (error) {
    if (!(error instanceof EdgeError)) throw error;
    logger.error({ reason: error.code, about: error.about }, 'cannot be this Node');
    return exitCodeOf(error.code);
  }
}
