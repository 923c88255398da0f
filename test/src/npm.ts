import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Of what `npm pack --json` says. */
export interface Packed {
  name: string;
  version: string;
  filename: string;
  integrity: string;
  files: { path: string }[];
}

interface Where {
  cwd: string;
  /** For what npm keeps of its own: nothing is set there, and nothing is there from before. */
  home: string;
  registry?: string;
}

export async function npm(args: string[], { cwd, home, registry }: Where): Promise<string> {
  const ours = process.env['npm_execpath'];
  const command = ours !== undefined && /npm-cli\.[cm]?js$/.test(ours) ? [process.execPath, ours] : ['npm'];
  const settings = { audit: false, fund: false, update_notifier: false, offline: registry === undefined, registry };
  const { stdout } = await run(command[0] as string, [...command.slice(1), ...args], {
    cwd,
    env: {
      PATH: process.env['PATH'],
      HOME: home,
      ...Object.fromEntries(Object.entries(settings).map(([name, value]) => [`npm_config_${name}`, `${value ?? ''}`])),
    },
    maxBuffer: 16 * 1024 * 1024,
  });
  return stdout;
}
