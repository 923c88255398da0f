import { command, type Command } from '../../command';
import { SCRIPTS } from './scripts';

/** One command a shell: `completion bash` is found, completed and documented like every other. */

const completion = (shell: keyof typeof SCRIPTS, how: string): Command =>
  command({
    path: ['completion', shell],
    about: `Writes a script that has ${shell} complete the commands and flags of plexctl. It asks plexctl for them, which
      knows them by the same table as this help, and asks nobody.`,
    flags: {},
    examples: [how],
    asks: 'nobody',

    run() {
      const script = SCRIPTS[shell];
      return Promise.resolve({ text: script.trimEnd(), document: { shell, script } });
    },
  });

export const completeBash = completion('bash', 'source <(plexctl completion bash)');
export const completeZsh = completion('zsh', 'plexctl completion zsh > "${fpath[1]}/_plexctl"');
export const completeFish = completion('fish', 'plexctl completion fish > ~/.config/fish/completions/plexctl.fish');
