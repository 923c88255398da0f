import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { Environment } from './command';
import { parseEndpoint } from './endpoint';
import { misuse, type Failure } from './failure';
import { isOutput, OUTPUTS, type Output } from './render';

/** What a command line and the environment need not say, under one name. All members may be missing. */
export interface Profile {
  signer_endpoint?: string;
  /** As an absolute path: in the file it counts from the file's own folder, `~/` from the home. */
  token_file?: string;
  /** Likewise. */
  bus_ca_file?: string;
  output?: Output;
  /** For `signer_endpoint` of this profile alone. */
  insecure?: boolean;
}

/** For people and the documentation: member → what it takes. */
export const PROFILE_MEMBERS = {
  signer_endpoint: 'host:port, tls:// before it for TLS',
  token_file: 'the path of a token file',
  bus_ca_file: 'the path of a PEM file',
  output: `one of ${OUTPUTS.join(', ')}`,
  insecure: 'true or false',
} as const satisfies Record<keyof Profile, string>;

const ACCEPTS: Record<keyof Profile, (value: unknown) => boolean> = {
  signer_endpoint: (value) => typeof value === 'string' && parseEndpoint(value) !== undefined,
  token_file: (value) => typeof value === 'string' && value !== '',
  bus_ca_file: (value) => typeof value === 'string' && value !== '',
  output: (value) => typeof value === 'string' && isOutput(value),
  insecure: (value) => typeof value === 'boolean',
};

/**
 * The profile of that name, or the default one; an empty one where there is neither.
 * @throws Failure 2, naming the profile or the member that is unknown or malformed
 */
export async function loadProfile(name: string | undefined, env: Environment): Promise<Profile> {
  const path = configPath(env);
  const text = path === undefined ? undefined : read(path);
  if (path === undefined || text === undefined) {
    if (name === undefined) return {};
    throw misuse(`unknown profile: ${JSON.stringify(name)}`, 'profile', `there is no file ${path ?? shownPath}`);
  }
  return new ConfigFile(path, env).profile(await parse(text, path), name);
}

const shownPath = '$XDG_CONFIG_HOME/plexsphere/config.yaml';

/** XDG Base Directory Specification: one that is not absolute is ignored. Without a home there is no file. */
function configPath(env: Environment): string | undefined {
  const named = env['XDG_CONFIG_HOME'] ?? '';
  const home = env['HOME'] ?? '';
  const folder = isAbsolute(named) ? named : home === '' ? undefined : join(home, '.config');
  return folder === undefined ? undefined : join(folder, 'plexsphere', 'config.yaml');
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw misuse(`configuration cannot be read: ${code}`, 'profile', `check ${path}`);
  }
}

async function parse(text: string, path: string): Promise<unknown> {
  const { parse: parseYaml } = await import('yaml');
  try {
    return parseYaml(text) as unknown;
  } catch (error) {
    const [position] = (error as { linePos?: { line: number }[] }).linePos ?? [];
    throw misuse('configuration is not YAML', 'profile', `check ${path}, line ${position?.line ?? '?'}`);
  }
}

type Members = Record<string, unknown>;

class ConfigFile {
  constructor(
    private readonly path: string,
    private readonly env: Environment,
  ) {}

  profile(document: unknown, asked: string | undefined): Profile {
    const config = this.members(document ?? {}, 'configuration');
    this.refuseUnknown(config, ['profiles', 'default_profile'], 'configuration');
    const { profiles = {}, default_profile: standard } = config;
    if (standard !== undefined && typeof standard !== 'string') throw this.refusal('default_profile is not a name');
    const all = this.members(profiles ?? {}, 'profiles');
    const name = asked ?? standard;
    if (name === undefined) return {};
    if (!Object.hasOwn(all, name)) throw this.unknownProfile(name, Object.keys(all));
    return this.checked(this.members(all[name] ?? {}, `profile ${name}`), name);
  }

  private checked(members: Members, name: string): Profile {
    this.refuseUnknown(members, Object.keys(PROFILE_MEMBERS), `profile ${name}`);
    for (const member of Object.keys(members) as (keyof Profile)[]) {
      if (ACCEPTS[member](members[member])) continue;
      throw this.refusal(`profile ${name}: ${member} is malformed`, `${member} takes ${PROFILE_MEMBERS[member]}`);
    }
    const profile = members as Profile;
    const paths = (['token_file', 'bus_ca_file'] as const).flatMap((member) => {
      const path = profile[member];
      return path === undefined ? [] : [[member, this.absolute(path)]];
    });
    return { ...profile, ...(Object.fromEntries(paths) as Pick<Profile, 'token_file' | 'bus_ca_file'>) };
  }

  /** A profile means the same file from whichever folder plexctl is called. */
  private absolute(path: string): string {
    const home = this.env['HOME'];
    if (path.startsWith('~/') && home !== undefined) return join(home, path.slice(2));
    return resolve(dirname(this.path), path);
  }

  private members(value: unknown, what: string): Members {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Members;
    throw this.refusal(`${what} is not a mapping`);
  }

  private refuseUnknown(members: Members, known: readonly string[], what: string): void {
    const unknown = Object.keys(members).find((member) => !known.includes(member));
    if (unknown !== undefined) throw this.refusal(`${what}: unknown member ${unknown}`, `known: ${known.join(', ')}`);
  }

  private unknownProfile(name: string, known: readonly string[]): Failure {
    const names = known.length === 0 ? 'no profile' : known.join(', ');
    return misuse(`unknown profile: ${JSON.stringify(name)}`, 'profile', `${this.path} has ${names}`);
  }

  private refusal(detail: string, hint?: string): Failure {
    return misuse(detail, 'profile', `${hint === undefined ? '' : `${hint}; `}see ${this.path}`);
  }
}
