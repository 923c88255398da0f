import { blocks } from './documents';
import { runShell } from './run-shell';

/** Runs the section's shell blocks, all or those of these numbers; each line of the answer beside it has to be told, in that order. */
export async function follow(
  page: string,
  { title, numbers }: { title: string; numbers?: readonly number[] },
  cwd: string,
  env: Record<string, string>,
): Promise<void> {
  const section = page.split(/^##+ /m).find((text) => text.startsWith(`${title}\n`)) ?? '';
  const [scripts, answers] = [blocks(section, 'sh'), blocks(section, 'text')];
  expect([title, scripts.length]).toEqual([title, answers.length]);
  for (const number of numbers ?? scripts.keys()) {
    const told = await runShell(scripts[number] ?? 'exit 9', cwd, env);
    expect(told).toMatchObject({ exitCode: 0, complaints: '' });
    expect(told.stdout).toMatch(pattern(answers[number] ?? ''));
  }
}

const pattern = (answer: string): RegExp => {
  const lines = answer.trimEnd().split('\n');
  const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  return new RegExp(lines.map((line) => line.split('…').map(literal).join('.*')).join('[^]*'));
};
