import { Problem } from '@plexsphere/wire';
import type { RecoveryRotateReply } from '@plexsphere/wire/commands';
import { command } from '../../command';
import { misuse } from '../../failure';
import { openKey, RECOVERY_FLAGS } from '../../recovery/recovery-key';
import { reserveSecretFile } from '../../secret-file';
import type { Result } from '../../render';
import type { Terminal } from '../../terminal';
import { keyIdFlag, PLAN_FLAG, REASON_FLAG } from '../flag-definitions';
import { noteChanged } from '../signing/changed';

export const rotateRecovery = command({
  path: ['recovery', 'rotate'],
  about: `Makes a new recovery key here, writes its private half to --out, encrypted, and has the present and the new one
    vouch for it. From then on the present one vouches for nothing. Neither leaves this machine. Needed after the recovery
    key was used, or where somebody may have seen it or its passphrase. No Node waits for it: they hear of it by chain.

    Both passphrases are asked for on the terminal, the new one twice; the files of scripts are
    --recovery-passphrase-file and --new-passphrase-file. Take --out and its passphrase away, each to a place of its own.`,
  flags: {
    'recovery-key': {
      ...RECOVERY_FLAGS['recovery-key'],
      summary: 'the encrypted file of the present one',
      required: true,
      unless: 'plan',
    },
    'recovery-passphrase-file': RECOVERY_FLAGS['recovery-passphrase-file'],
    out: { value: 'file', summary: 'where the new one goes; never overwritten', required: true, unless: 'plan' },
    'new-passphrase-file': {
      value: 'file',
      member: 'new_passphrase',
      summary: 'the passphrase of the new one, or /dev/fd/<n>; without it the terminal is asked',
    },
    'new-key-id': {
      ...keyIdFlag('new_key_id', 'what the new one is called (default: recovery and the date)'),
      required: false,
    },
    reason: { ...REASON_FLAG, required: true, unless: 'plan' },
    plan: PLAN_FLAG,
  },
  examples: [
    'plexctl recovery rotate --plan',
    'plexctl recovery rotate --recovery-key recovery-key.json --out recovery-key-2.json --reason used',
  ],
  asks: 'bus',

  check(flags) {
    const { plan, out, 'recovery-key': path } = flags;
    if (plan && (path !== undefined || out !== undefined)) {
      throw misuse('--plan takes no --recovery-key and no --out', 'plan', 'a plan signs nothing and writes nothing');
    }
  },

  async run(invocation) {
    const { flags, bus, terminal } = invocation;
    const { out = '', reason = '' } = flags;
    const newKeyId = flags['new-key-id'] ?? `recovery-${new Date().toISOString().slice(0, 10)}`;
    const { planRecovery, vouchedRecovery } = await import('./recovery-statement');
    if (flags.plan) return planRecovery(bus, newKeyId);
    const { makeKey } = await import('./new-recovery-key');
    const file = reserveSecretFile(out);
    try {
      const key = await openKey(flags, invocation);
      const made = await makeKey(flags['new-passphrase-file'], newKeyId, invocation);
      file.write(made.text, { detail: 'the new recovery key is not written', members: {}, hint: 'nothing was done' });
      try {
        const statement = await vouchedRecovery(invocation, key, made);
        const reply = await bus.change('recovery.rotate', { reason, statement }, unknown(file.path));
        noteChanged(reply, terminal);
        noteDone(terminal, file.path);
        return resultOf(reply, made.fingerprint, file.path);
      } catch (error) {
        if (isRefusal(error))
          terminal.note(`${file.path} is of no use: the present recovery key stays the valid one; delete it`);
        throw error;
      }
    } finally {
      file.release();
    }
  },
});

const unknown = (path: string): string =>
  `keep ${path} and the present file both; plexctl signing status --scope platform names the recovery key that is valid`;

/** Then nothing was done: a service, or we, refused before anything was sent. Where no answer came nobody knows. */
const isRefusal = (error: unknown): boolean =>
  error instanceof Problem || (error as { members?: { request_id?: unknown } }).members?.request_id === undefined;

function noteDone(terminal: Terminal, path: string): void {
  terminal.note(
    `take ${path} and its passphrase away, each to a place of its own; the former file vouches for nothing now`,
  );
}

function resultOf(reply: RecoveryRotateReply, fingerprint: string, path: string): Result {
  const { recovery_key_id: keyId, epoch } = reply;
  return {
    text: {
      columns: ['RECOVERY_KEY_ID', 'FINGERPRINT', 'EPOCH', 'FILE'],
      rows: [[keyId, fingerprint, String(epoch), path]],
    },
    document: { ...reply, fingerprint, file: path },
  };
}
