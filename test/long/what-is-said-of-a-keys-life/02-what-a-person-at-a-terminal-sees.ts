import { readFileSync } from 'node:fs';
import { AtTerminal, CTRL_C, ENTER } from '../../src/at-a-terminal';
import { fingerprint, PREPARED } from '../../src/fingerprint';
import { recoveryFile } from '../../src/recovery-file';
import { allTrust } from '../../src/story-hands';
import type { Step } from '../../src/tell-story';
import type { World } from '../../src/world';

/** A person is asked before anything is prepared, and what is to stay secret is not shown. */
export const step: Step = async (world) => {
  await asked(world);
  await askedForAPassphrase(world);
};

const QUESTION = 'There is no way back. Type yes to go on: ';
const STOPPED = 'plexctl: stopped: nothing was done';

async function asked(world: World): Promise<void> {
  const { domain } = world;
  const revoke = ['signing', 'revoke', '--scope', domain, '--key-id', 'k4', '--new-key-id', 'k5', '--reason', 'stolen'];
  const before = await fingerprint(world, PREPARED);
  for (const keys of [`y${ENTER}`, `n${ENTER}`, ENTER, `ye${CTRL_C}`]) {
    const terminal = AtTerminal.plexctl(world, revoke);
    await terminal.shows(`would revoke  k4 of ${domain}`);
    await terminal.shows('signs then    k5, a new key');
    await terminal.shows('fails         signing, until a signer has k5: within seconds; were it done now, by 20');
    await terminal.shows(`Revoke k4 of ${domain}? ${QUESTION}`);
    expect(await fingerprint(world, PREPARED)).toEqual(before);
    terminal.type(keys);
    await terminal.shows(STOPPED);
    await asItWas(terminal);
    expect(await terminal.ended).toBe(1);
  }
  expect(await fingerprint(world, PREPARED)).toEqual(before);

  const terminal = AtTerminal.plexctl(world, revoke);
  await terminal.shows(QUESTION);
  // A slip, taken back.
  terminal.type(`yew\u007fs${ENTER}`);
  await terminal.shows('yew\b \bs');
  await terminal.shows('REVOKED_KEY_ID');
  expect(await terminal.ended).toBe(0);
  await allTrust(world.nodes, ['k5']);
}

async function askedForAPassphrase(world: World): Promise<void> {
  const { key, passphrase: passphraseFile } = recoveryFile(world);
  const passphrase = readFileSync(passphraseFile, 'utf8').trim();
  const revoke = ['signing', 'revoke', '--scope', 'platform', '--key-id', 'platform-1', '--new-key-id', 'platform-2'];
  const args = [...revoke, '--reason', 'stolen', '--recovery-key', key];
  const before = await fingerprint(world, PREPARED);
  const stays = async (): Promise<void> => expect(await fingerprint(world, PREPARED)).toEqual(before);

  const wrong = AtTerminal.plexctl(world, args);
  await wrong.shows('needs         the recovery key');
  await wrong.shows(QUESTION);
  wrong.type(`yes${ENTER}`);
  await wrong.shows(`Passphrase of ${key}: `);
  await stays();
  wrong.type(`mistaken${ENTER}`);
  await wrong.shows(`That does not open it. Passphrase of ${key}: `);
  wrong.type(`half of it${CTRL_C}`);
  await wrong.shows(STOPPED);
  await asItWas(wrong);
  expect(await wrong.ended).toBe(1);
  expect(wrong.screen).not.toMatch(/mistaken|half of it/);
  await stays();

  const right = AtTerminal.plexctl(world, [...args, '--yes']);
  await right.shows(`Passphrase of ${key}: `);
  await stays();
  right.type(`${passphrase}${ENTER}`);
  await right.shows('note: the new key platform-2 has the fingerprint SHA256:');
  await right.shows('note: the recovery key was used, so it counts as exposed');
  await right.shows('REVOKED_KEY_ID');
  expect(await right.ended).toBe(0);
  expect(right.screen).not.toContain(passphrase);
}

/** Whoever types the next command sees what they type. */
async function asItWas(terminal: AtTerminal): Promise<void> {
  await terminal.shows(' icanon ');
  await terminal.shows(' echo ');
}
