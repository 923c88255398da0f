/** The process' own settings, then a block for each ring, which begins with --ring. */
import { ConfigError, readConfig, settingsHelp } from '@plexsphere/service-kit';
import { SinkConfig } from './sink-config';
import { TargetSettings } from './target-settings';

export interface CommandLine {
  config: SinkConfig;
  targets: TargetSettings[];
}

/** @throws ConfigError */
export function readCommandLine(argv: readonly string[], env: NodeJS.ProcessEnv): CommandLine {
  const [own = [], ...blocks] = inBlocks(argv);
  const config = readConfig(SinkConfig, env, own);
  if (blocks.length === 0) throw new ConfigError('--ring is missing: each ring has its target.');
  const targets = blocks.map(readTarget);
  refuseTwice(targets, 'ring');
  refuseTwice(targets, 'to');
  return { config, targets };
}

export const help = (): string => `${settingsHelp('channel-sink', SinkConfig)}
Behind these, once for each ring that is to be written, as flags alone:
  --ring <side>-to-<side>             whose secrets
  --to file:/<path> | aws:<arn>       where they are written; each ring has a target of its own
  --format map | active               {"<key id>":"<secret>",…}, or {"key_id":…,"secret":…} for who signs
  --encoding hex | base64 | whsec     how a secret is spelled (hex)
  --take-over                         keeps what it finds there at first, until the ring's first close

docs/channels.md says what stands in a target, and what is refused.
`;

function inBlocks(argv: readonly string[]): string[][] {
  const blocks: string[][] = [[]];
  for (const arg of argv) {
    if (/^--ring(=|$)/.test(arg)) blocks.push([]);
    blocks.at(-1)?.push(arg);
  }
  return blocks;
}

function readTarget(block: readonly string[]): TargetSettings {
  try {
    return readConfig(TargetSettings, {}, block);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const flags = error.message.replace(
      /PLEXSPHERE_([A-Z_]+)/g,
      (_, name: string) => `--${name.toLowerCase().replaceAll('_', '-')}`,
    );
    throw new ConfigError(flags.replaceAll('a setting of this service', 'a flag of a ring'));
  }
}

function refuseTwice(targets: readonly TargetSettings[], flag: 'ring' | 'to'): void {
  const twice = targets.map((target) => target[flag]).find((value, index, all) => all.indexOf(value) !== index);
  if (twice !== undefined) throw new ConfigError(`--${flag} ${twice} is given twice.`);
}
