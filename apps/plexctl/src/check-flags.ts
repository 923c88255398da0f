import type { Flags, ValueFlag } from './command';
import { misuse } from './failure';
import { isValue, memberOf, type FlagValue } from './flags';
import { refuseAs } from './refusal';

/** Required flags are there and all are well-formed; the first finding in the order of the command's own table. */
export function check(flags: Flags, values: Readonly<Record<string, FlagValue | undefined>>): void {
  for (const [name, flag] of Object.entries(flags)) {
    if (!isValue(flag)) continue;
    const value = values[name];
    const texts = typeof value === 'string' ? [value] : Array.isArray(value) ? (value as readonly string[]) : [];
    for (const text of texts) requireWellFormed(name, flag, text);
    const isLifted = flag.unless !== undefined && (values[flag.unless] ?? false) !== false;
    if (texts.length === 0 && flag.required === true && !isLifted) {
      const hint = `--${name} takes ${flag.expected ?? `<${flag.value}>`}`;
      throw misuse(`--${name} is required`, memberOf(name, flag), hint);
    }
  }
}

function requireWellFormed(name: string, flag: ValueFlag, value: string): void {
  if (flag.accepts === undefined || flag.accepts(value)) return;
  const written = JSON.stringify(value.length > 100 ? `${value.slice(0, 100)}…` : value);
  const reason = `--${name} takes ${flag.expected ?? flag.value}, not ${written}`;
  const hint = flag.instead?.(value);
  throw refuseAs(
    'invariantViolation',
    { field: memberOf(name, flag) },
    { reason, ...(hint === undefined ? {} : { hint }) },
  );
}
