import { command, type Command } from '../../command';
import type { Vocabulary } from './vocabulary';

/** One command a shell: `completion bash` is found, completed and documented like every other. */

const completion = (shell: string, how: string, write: () => Promise<(words: Vocabulary) => string>): Command =>
  command({
    path: ['completion', shell],
    summary: `write the completion script for ${shell}`,
    about: `Writes a script that has ${shell} complete the commands and flags of plexctl. It is made from the same table as
      this help, and asks nobody anything when it runs: make it anew after an upgrade.`,
    flags: {},
    examples: [how],
    asks: 'nobody',

    async run() {
      const [script, { vocabularyOf }, { loadAll }] = await Promise.all([
        write(),
        import('./vocabulary'),
        import('..'),
      ]);
      const text = script(vocabularyOf(await loadAll()));
      return { text: text.trimEnd(), document: { shell, script: text } };
    },
  });

export const completeBash = completion(
  'bash',
  'source <(plexctl completion bash)',
  async () => (await import('./bash')).bashScript,
);

export const completeZsh = completion(
  'zsh',
  'plexctl completion zsh > "${fpath[1]}/_plexctl"',
  async () => (await import('./zsh')).zshScript,
);

export const completeFish = completion(
  'fish',
  'plexctl completion fish > ~/.config/fish/completions/plexctl.fish',
  async () => (await import('./fish')).fishScript,
);
