import { settingsOf } from './config';

/** What `--help` of a service prints: every setting by both of its names, and what holds where it is not given. */
export function settingsHelp(service: string, Class: new () => object, { hasHealth = true } = {}): string {
  const rows = settingsOf(Class).map(({ variable, fallback }) => [
    variable,
    `--${variable
      .replace(/^PLEXSPHERE_/, '')
      .toLowerCase()
      .replaceAll('_', '-')}`,
    fallback === '' ? 'none' : (fallback ?? 'required'),
  ]);
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`);
  return `${service} takes its settings from the environment, or from the flag of the same name, which wins.

  setting, flag, default:
${lines.join('\n')}

What each means is in docs/configuration.md.${hasHealth ? ' Health: GET /livez, GET /readyz on the health address.' : ''}
`;
}
