import { channelName, domainScope } from '@plexsphere/wire';
import type { Command } from './command';
import type { CommandLine } from './flags';

/** The scope that the command line speaks of: hints name it. */
export function scopeOf({ scope, id, slug }: CommandLine['flags'], command: Command | undefined): string | undefined {
  if (typeof scope === 'string') return scope;
  if (command?.path[0] === 'channel' && typeof slug === 'string') return channelName(slug);
  return command?.path[0] === 'domain' && typeof id === 'string' ? domainScope(id) : undefined;
}
