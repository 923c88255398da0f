// docs/configuration.md: every setting of every service, read from the source of the classes that readConfig fills: name,
// default and form from the decorators, the meaning from the doc comment above each property, which has to be there.
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import ts from 'typescript';
import { markdown, root, settle, table } from './generated-file.mjs';

const PATH = 'docs/configuration.md';

const HEAD = `<!-- Made by tools/generate-configuration.mjs; npm run verify compares. -->

# Configuration

A service reads its settings once, at start: from the environment, or from the flag of the same name, which wins
(\`PLEXSPHERE_OVERLAP_WINDOW=24h\` is \`--overlap-window 24h\`). A setting without a default has to be given. One that is
missing, malformed or unknown ends the process with exit code 2 and a sentence for each that names it; no value is shown.
\`--help\` lists a service's settings. \`channel-sink\` and \`edge-agent\` take what their own section says and nothing of every
service's; a sink's targets follow as flags ([channels.md](channels.md#sinks)). An agent has no health address: \`plexctl edge
status\` asks it.

A duration is a whole number and a unit: \`500ms\`, \`30s\`, \`10m\`, \`24h\`, \`7d\`. A flag that is a switch needs no value.

\`plexctl bootstrap\` writes the files that these settings name, \`<service>.database-url\` among them. What \`plexctl\`
itself reads is in [cli.md](cli.md).

## Health

On the health address each service answers \`GET /livez\` with 200 for as long as its process turns, and \`GET /readyz\`
with 200 while it can do its work, else with 503 and the reasons, a line each: \`bus: disconnected\`, \`stopping: yes\`.
A line \`warning: …\` behind the 200 is worth a look and hinders nothing. Both are text and show no secret. Restart what
is not live; send no new work to what is not ready. What a service must not be able to do on the bus and in the database
it tries at start, and is not ready while it can.
`;

const TAIL = `## For somebody else

Services ignore \`PLEXSPHERE_SIGNER_ENDPOINT\`, \`PLEXSPHERE_TOKEN_FILE\`, \`PLEXSPHERE_GATEWAY_URL\` and
\`PLEXSPHERE_PROFILE\`, so that one shell can hold them for \`plexctl\`. \`DATABASE_URL\` is the owner's: \`plexctl bootstrap\` and
\`plexctl migrate\` alone read it.
`;

const sections = [await section('Every service', 'libs/service-kit/src/service-config.ts')];
for (const app of (await readdir(join(root, 'apps'))).sort()) {
  const file = (await readdir(join(root, 'apps', app, 'src'))).find((name) => name.endsWith('-config.ts'));
  if (file !== undefined) sections.push(await section(app, `apps/${app}/src/${file}`));
}
await settle(PATH, await markdown(PATH, [HEAD, ...sections, TAIL].join('\n')));

async function section(title, path) {
  const source = ts.createSourceFile(path, await readFile(join(root, path), 'utf8'), ts.ScriptTarget.ES2022, true);
  const settings = source.statements
    .filter(ts.isClassDeclaration)
    .flatMap(({ members }) => members.filter(ts.isPropertyDeclaration))
    .map((property) => settingOf(property, path))
    .filter((setting) => setting !== undefined);
  const rows = settings.map(({ name, fallback, form, meaning }) => [
    `\`PLEXSPHERE_${name}\`<br>\`--${name.toLowerCase().replaceAll('_', '-')}\``,
    fallback === undefined ? 'required' : fallback === '' ? 'none' : `\`${fallback}\``,
    [meaning, form].filter((part) => part !== undefined).join(' '),
  ]);
  return `## ${title}\n\n${table(['setting', 'default', 'meaning'], rows)}\n`;
}

function settingOf(property, path) {
  const calls = new Map(
    ts.getDecorators(property)?.map(({ expression }) => [expression.expression.text, expression.arguments]) ?? [],
  );
  const variable = calls.get('Variable');
  if (variable === undefined) return undefined;
  const [name, fallback] = variable.map((argument) => argument.text);
  const meaning = property.jsDoc
    ?.map(({ comment }) => ts.getTextOfJSDocComment(comment))
    .join(' ')
    .replace(/\s+/g, ' ');
  if (!meaning) throw new Error(`${path}: say in a doc comment what PLEXSPHERE_${name} means`);
  return { name, fallback, meaning, form: formOf(calls) };
}

function formOf(calls) {
  if (calls.has('DurationMs')) return 'A duration.';
  if (calls.has('Switch')) return '`true` or `false`.';
  return undefined;
}
