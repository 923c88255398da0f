// docs/cli.md: plexctl's own table of commands, which parser, help and completion are made from as well. Reads what is
// built: build plexctl first.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { markdown, root, settle, table as plainTable } from './generated-file.mjs';

const PATH = 'docs/cli.md';

const load = createRequire(join(root, 'apps/plexctl/dist/main.js'));
const { COMMANDS } = load('@plexsphere/wire');
const { loadAll } = load('./commands/index.js');
const { SUMMARIES } = load('./commands/summaries.js');
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
      commands.map(({ path, onBus }) => [
        `[\`${path.join(' ')}\`](#plexctl-${path.join('-')})`,
        COMMANDS[onBus ?? path.join('.')]?.role ?? '–',
        SUMMARIES[path.join(' ')],
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

const cell = (value) => (value.includes('`') ? value : escaped(value));
const table = (head, rows) =>
  plainTable(
    head,
    rows.map((cells) => cells.map(cell)),
  );

/** What Markdown would take for a tag or for emphasis; an underscore within a word is neither. */
const escaped = (value) => value.replace(/[<*]/g, '\\$&');

await settle(PATH, await markdown(PATH, reference(await loadAll())));
