// Lints texts as if they stood at the given paths, under the repository's own configuration: JSON [{filePath, text}] on
// stdin → JSON [[{line, ruleId}]] on stdout. A process of its own, because Jest cannot load eslint's ES modules.
import { text as read } from 'node:stream/consumers';
import { ESLint } from 'eslint';

const eslint = new ESLint({ cwd: new URL('..', import.meta.url).pathname });

const found = [];
for (const { filePath, text } of JSON.parse(await read(process.stdin))) {
  const results = await eslint.lintText(text, { filePath });
  found.push(results.flatMap(({ messages }) => messages.map(({ line, ruleId }) => ({ line, ruleId }))));
}
process.stdout.write(JSON.stringify(found));
