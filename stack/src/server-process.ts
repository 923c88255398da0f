import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { replaceFile } from './folders';
import { freePort } from './free-port';
import { ManagedProcess, StartFailure } from './managed-process';

/** What stays the same over restarts, in a file of its own. */
export interface ServerSettings {
  port: number;
}

const settingsFile = (folder: string, service: string): string => join(folder, `${service}.json`);

/** Undefined where none were written. */
export async function readSettings<Settings>(folder: string, service: string): Promise<Settings | undefined> {
  const text = await readFile(settingsFile(folder, service), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as Settings);
}

export const writeSettings = (folder: string, service: string, settings: ServerSettings): void =>
  replaceFile(settingsFile(folder, service), JSON.stringify(settings));

// Time for what is left of a crashed server to end, and for a port to come free that a neighbour held for a moment.
const RETRY_FOR_MS = 15_000;
const RETRY_PAUSE_MS = 100;

const PORT_TAKEN = /could not bind|address already in use/i;

/** A server of its own on 127.0.0.1, below one folder. Its port stays the same over restarts. */
export abstract class ServerProcess<Settings extends ServerSettings> extends ManagedProcess {
  /** Once a URL was handed out, the port behind it must not change while we live. */
  #portIsFixed = false;

  protected constructor(
    service: string,
    protected readonly folder: string,
    protected readonly settings: Settings,
  ) {
    super(service, service, join(folder, `${service}.log`));
  }

  /** Settled by the first `start`. */
  get port(): number {
    return this.settings.port;
  }

  protected abstract startOnce(): Promise<void>;

  /** Whether another try may go better, by the last lines of the log. */
  protected mayPass(_failure: StartFailure): boolean {
    return false;
  }

  override async start(): Promise<void> {
    this.refuseWhenRunning();
    const deadline = performance.now() + RETRY_FOR_MS;
    for (;;) {
      try {
        await this.startOnce();
        break;
      } catch (error) {
        await this.kill();
        if (performance.now() > deadline || !(error instanceof StartFailure)) throw error;
        if (PORT_TAKEN.test(error.message)) await this.takeAnotherPort();
        else if (!this.mayPass(error)) throw error;
        await delay(RETRY_PAUSE_MS);
      }
    }
    this.#portIsFixed = true;
  }

  private async takeAnotherPort(): Promise<void> {
    if (this.#portIsFixed) return;
    this.settings.port = await freePort();
    writeSettings(this.folder, this.service, this.settings);
  }
}
