// Writes docs/cli.md from plexctl's own table of commands, which parser, help and completion are made from as well.
// With --check it writes nothing, and fails where the file is not what it would write. --file names another file.
// Reads what is built: build plexctl first.
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';

const { values } = parseArgs({ options: { check: { type: 'boolean' }, file: { type: 'string' } } });
const file = values.file ?? fileURLToPath(new URL('../docs/cli.md', import.meta.url));

const load = createRequire(new URL('../apps/plexctl/dist/main.js', import.meta.url));
const { COMMANDS } = load('@plexsphere/wire');
const { loadAll } = load('./commands/index.js');
const { PERSISTENT_FLAGS } = load('./persistent-flags.js');
const { PROFILE_MEMBERS } = load('./profile.js');
const { EXIT_CODES } = load('./exit-code.js');
const { summaryOf, synopsisOf, wrap } = load('./usage.js');

function reference(commands) {
  return [
    '# plexctl',
    'Made from the commands themselves by `tools/generate-cli-reference.mjs`; do not edit it.',
    table(
      ['command', 'least role', 'what it does'],
      commands.map(({ path, summary }) => [
        `[\`${path.join(' ')}\`](#plexctl-${path.join('-')})`,
        COMMANDS[path.join('.')]?.role ?? '–',
        summary,
      ]),
    ),
    '## Flags of every command',
    flagTable(PERSISTENT_FLAGS),
    'What is not given by a flag is taken from the environment, and then from the profile.',
    '## Profiles',
    [
      'A profile is a name for what a command line would have to say each time. The file is',
      '`$XDG_CONFIG_HOME/plexsphere/config.yaml`, or `~/.config/plexsphere/config.yaml`:',
    ].join('\n'),
    code(
      'yaml',
      `default_profile: lab
profiles:
  lab:
    signer_endpoint: 127.0.0.1:4222
    token_file: ~/.plexsphere/lab.token
  production:
    signer_endpoint: tls://bus.example.com:4222
    token_file: production.token
    output: json`,
    ),
    table(
      ['member', 'takes'],
      Object.entries(PROFILE_MEMBERS).map(([member, takes]) => [`\`${member}\``, takes]),
    ),
    [
      'A relative `token_file` counts from the folder of the file. `insecure` holds for the `signer_endpoint` of the same',
      'profile alone. An unknown profile and an unknown member are refused with exit code 2.',
    ].join('\n'),
    '## Exit codes',
    table(
      ['code', 'meaning'],
      Object.entries(EXIT_CODES).map(([exitCode, meaning]) => [exitCode, meaning]),
    ),
    ...commands.flatMap(commandSection),
  ].join('\n\n');
}

function commandSection(command) {
  const { path, about, flags, examples } = command;
  return [
    `## plexctl ${path.join(' ')}`,
    escaped(wrap(about)),
    code('text', synopsisOf(command)),
    ...(Object.keys(flags).length === 0 ? [] : [flagTable(flags)]),
    code('sh', examples.join('\n')),
  ];
}

const flagTable = (flags) =>
  table(
    ['flag', 'what it is'],
    Object.entries(flags).map(([name, flag]) => [
      `\`--${name}${'value' in flag ? ` <${flag.value}>` : ''}\``,
      summaryOf(flag),
    ]),
  );

const code = (language, lines) => `\`\`\`${language}\n${lines}\n\`\`\``;

const row = (cells) => `| ${cells.join(' | ')} |`;
// In code a pipe ends the cell all the same (GitHub Flavored Markdown, section 4.10).
const cell = (value) => (value.includes('`') ? value : escaped(value)).replaceAll('|', '\\|');
const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows.map((cells) => cells.map(cell))].map(row).join('\n');

/** What Markdown would take for a tag or for emphasis; an underscore within a word is neither. */
const escaped = (value) => value.replace(/[<*]/g, '\\$&');

const text = await format(reference(await loadAll()), { ...(await resolveConfig(file)), parser: 'markdown' });
if (!values.check) await writeFile(file, text);
else if ((await readFile(file, 'utf8').catch(() => '')) !== text) {
  process.stderr.write(`${file} is not what plexctl's commands say: run node tools/generate-cli-reference.mjs\n`);
  process.exitCode = 1;
}
