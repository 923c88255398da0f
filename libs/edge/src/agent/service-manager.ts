/** What the agent tells systemd (sd_notify(3)), by `systemd-notify`: Node has no datagram sockets of that kind. */
import { execFile } from 'node:child_process';

export interface ServiceManager {
  /** The agent does what it is for: `systemctl start` returns. */
  ready(status: string): Promise<void>;
  status(text: string): Promise<void>;
  stopping(): Promise<void>;
}

/** How long systemd may take; nothing depends on what it was told. */
const TOLD_WITHIN_MS = 5_000;

/** The one that started this process, as it says itself; nothing is told where none did. */
export function serviceManager(env: NodeJS.ProcessEnv): ServiceManager {
  const { NOTIFY_SOCKET: socket, PATH: path } = env;
  const tell = (...args: string[]): Promise<void> =>
    new Promise((resolve) => {
      if (socket === undefined || socket === '') return resolve();
      const options = { env: { NOTIFY_SOCKET: socket, PATH: path }, timeout: TOLD_WITHIN_MS };
      execFile('systemd-notify', args, options, () => resolve());
    });
  return {
    ready: (status) => tell('--ready', `--status=${status}`),
    status: (text) => tell(`--status=${text}`),
    stopping: () => tell('STOPPING=1'),
  };
}
