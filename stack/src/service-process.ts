import { withCompiled } from './compiled';
import { repositoryRoot } from './folders';
import { ManagedProcess } from './managed-process';

/** One line of a service's log: pino's members beside those of the service. */
export interface LogLine {
  msg?: string;
  [field: string]: unknown;
}

export interface ServiceDefinition {
  /** The kind of service: `rotation`. */
  service: string;
  /** Unique in its stack: `rotation-2`. */
  name: string;
  /** The JavaScript file that is its main module. */
  entry: string;
  /** Whether stack traces name lines of the source. Reading the maps of all that is loaded takes a quarter of a start. */
  sourceMaps?: boolean;
  /** A folder that `compileServices` has filled; not together with source maps, which Node would not find. */
  compiled?: string | undefined;
  /** Asked at each start. Secrets travel here or in files, never in argv, which every user of the machine can read. */
  env: () => Record<string, string>;
  logPath: string;
}

// Two cores may be starting half a dozen services at once.
const READY_TIMEOUT_MS = 60_000;

/**
 * What a service may inherit from whoever starts the stack: nothing of PLEXSPHERE_*, and never the owner's DATABASE_URL. No
 * NODE_EXTRA_CA_CERTS: it speaks to nobody outside, and Node 20 reads them all at its start, for 50 ms.
 */
const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'TZ', 'LANG', 'LC_ALL', 'NODE_ENV', 'NODE_OPTIONS'];

/** One replica of a service, as a process of its own that logs JSON lines into a file. */
export class ServiceProcess extends ManagedProcess {
  #health: string | undefined;
  #door: string | undefined;

  constructor(private readonly definition: ServiceDefinition) {
    super(definition.service, definition.name, definition.logPath);
  }

  /** host:port of /livez and /readyz; undefined until the service is ready. */
  get health(): string | undefined {
    return this.running ? this.#health : undefined;
  }

  /** host:port where others come to it over HTTP, from its first start on; undefined of a service to which nobody does. */
  get door(): string | undefined {
    return this.#door;
  }

  override async start(): Promise<void> {
    const { service, entry, env, sourceMaps = true, compiled } = this.definition;
    const made = compiled === undefined ? undefined : withCompiled(compiled, service);
    this.#health = undefined;
    await this.launch({
      command: process.execPath,
      args: [...(sourceMaps ? ['--enable-source-maps'] : []), ...(made?.args ?? []), entry],
      cwd: repositoryRoot,
      env: { ...inherited(), ...env(), ...made?.env },
    });
    await this.ready();
  }

  /** Resolves when the present run has said that it is ready; rejects, with its last lines, when it ends before. */
  async ready(): Promise<void> {
    const line = await this.untilReady(() => this.logs().find(({ msg }) => msg === 'ready'), READY_TIMEOUT_MS);
    this.#health = String(line?.['health'] ?? '');
    const listening = this.logs().find(({ msg }) => msg === 'listening');
    if (listening !== undefined) this.#door = String(listening['http']);
    this.onChange();
  }

  /** The log lines of the present run, or those since the byte `from` of the log file. */
  logs(from = this.runOffset): LogLine[] {
    return this.log.linesFrom(from).lines.flatMap(parseLine);
  }
}

function inherited(): NodeJS.ProcessEnv {
  return Object.fromEntries(INHERITED.flatMap((name) => (name in process.env ? [[name, process.env[name]]] : [])));
}

/** What is no JSON, such as a warning of Node's own, is no log line. */
function parseLine(text: string): LogLine[] {
  try {
    const line: unknown = JSON.parse(text);
    return typeof line === 'object' && line !== null ? [line as LogLine] : [];
  } catch {
    return [];
  }
}
