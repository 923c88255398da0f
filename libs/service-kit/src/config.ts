import { Transform, plainToInstance } from 'class-transformer';
import { IsBoolean, IsNumber, ValidateBy, Validator, type ValidationError } from '@plexsphere/wire/validator';

/** Names of the shell's own, exported by the local stack for plexctl: a service that inherits them ignores them. */
const FOR_OTHERS = new Set([
  'PLEXSPHERE_SIGNER_ENDPOINT',
  'PLEXSPHERE_TOKEN_FILE',
  'PLEXSPHERE_GATEWAY_URL',
  'PLEXSPHERE_PROFILE',
]);

export interface Setting {
  property: string;
  variable: string;
  /** What holds where it is not given; it has to be given where there is none. */
  fallback: string | undefined;
}

const variables = new Map<object, Setting[]>();

/**
 * Reads a property from `PLEXSPHERE_<name>`, or from the flag that has the same name (`--overlap-window` is
 * PLEXSPHERE_OVERLAP_WINDOW), which wins. Without a fallback it must be given; an empty one lets it be left out.
 */
export const Variable =
  (name: string, fallback?: string): PropertyDecorator =>
  (target, property) => {
    const known = variables.get(target) ?? [];
    variables.set(target, [...known, { property: String(property), variable: `PLEXSPHERE_${name}`, fallback }]);
  };

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `250ms`, `30s`, `10m`, `24h`, `7d` → milliseconds; NaN for anything else. */
function parseDurationMs(text: string): number {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text);
  if (match === null) return Number.NaN;
  return Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
}

/** A duration such as `24h`, in milliseconds once read. */
export const DurationMs = (): PropertyDecorator => (target, property) => {
  Transform(({ value }) => parseDurationMs(String(value)))(target, property);
  IsNumber({ allowNaN: false }, { message: 'must be a duration such as 500ms, 30s, 10m or 24h' })(target, property);
};

/** `true` or `false`; a flag without a value is true. */
export const Switch = (): PropertyDecorator => (target, property) => {
  Transform(({ value }) => (value === 'true' ? true : value === 'false' ? false : value))(target, property);
  IsBoolean({ message: 'must be true or false' })(target, property);
};

/** Refused for the reason that is found, if any is; the other settings may have a say in it. */
export const RefusedFor = (reasonOf: (value: unknown, config: object) => string | undefined): PropertyDecorator =>
  ValidateBy({
    name: 'refusedFor',
    validator: {
      validate: (value, args) => reasonOf(value, args?.object ?? {}) === undefined,
      defaultMessage: (args) => reasonOf(args?.value, args?.object ?? {}) ?? '',
    },
  });

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** The settings of a class and of those that it extends, those first. */
export const settingsOf = (Class: new () => object): Setting[] => declaredBy(Class.prototype as object);

const declaredBy = (prototype: object | null): Setting[] =>
  prototype === null ? [] : [...declaredBy(Object.getPrototypeOf(prototype)), ...(variables.get(prototype) ?? [])];

/**
 * Reads and validates the whole configuration once. Whatever is unknown, missing or malformed is one sentence that names
 * the variable, all of them at once, a line each, and the process does not start.
 * @throws ConfigError
 */
export function readConfig<Config extends object>(
  Class: new () => Config,
  env: NodeJS.ProcessEnv,
  argv: readonly string[],
): Config {
  const declared = settingsOf(Class);
  const given = { ...fromEnvironment(env), ...fromFlags(argv) };
  const known = new Set(declared.map((each) => each.variable));
  const wrong = Object.keys(given)
    .filter((variable) => !known.has(variable))
    .map((variable) => `${variable} is not a setting of this service.`);
  const plain: Record<string, string> = {};
  for (const { property, variable, fallback } of declared) {
    const value = given[variable] ?? fallback;
    if (value === undefined || (value === '' && fallback !== '')) wrong.push(`${variable} is missing.`);
    else plain[property] = value;
  }
  const config = plainToInstance(Class, plain);
  wrong.push(
    ...new Validator()
      .validateSync(config)
      .filter(({ property }) => property in plain)
      .map((error) => sentenceOf(error, declared)),
  );
  if (wrong.length > 0) throw new ConfigError(wrong.join('\n'));
  return config;
}

/** The value is not shown: a misplaced secret would stand in the log. */
function sentenceOf({ property, constraints }: ValidationError, declared: readonly Setting[]): string {
  const variable = declared.find((each) => each.property === property)?.variable ?? property;
  const [reason = 'is malformed'] = Object.values(constraints ?? {});
  return `${variable} ${reason.replace(new RegExp(`^${property} `), '')}.`;
}

function fromEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const ours = Object.entries(env).filter(([name]) => name.startsWith('PLEXSPHERE_') && !FOR_OTHERS.has(name));
  return Object.fromEntries(ours.map(([name, value]) => [name, value ?? '']));
}

function fromFlags(argv: readonly string[]): Record<string, string> {
  const given: Record<string, string> = {};
  for (let i = 0; i < argv.length; i++) {
    const match = /^--([a-z][a-z-]*)(?:=(.*))?$/.exec(argv[i] ?? '');
    if (match === null) throw new ConfigError(`${argv[i]} is not a flag of this service.`);
    const next = argv[i + 1];
    const hasOwnValue = match[2] === undefined && next !== undefined && !next.startsWith('--');
    const value = match[2] ?? (hasOwnValue ? next : 'true');
    if (hasOwnValue) i++;
    given[`PLEXSPHERE_${(match[1] ?? '').toUpperCase().replaceAll('-', '_')}`] = value;
  }
  return given;
}
