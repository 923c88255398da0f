import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { newKeyPair } from '@plexsphere/testkit';
import { openRecoveryKey, problem, publicText, sealRecoveryKey } from '@plexsphere/wire';
import type { PrepareSuperiorReply } from '@plexsphere/wire/commands';
import { keyHash, readStatement, statementSignature, verifyStatement } from '@plexsphere/wire/jws';
import { FakeBus, type Request } from '../../testing/fake-bus';
import { FakeRotation, hashOf } from '../../testing/fake-rotation';
import { Desk, type Given, type Outcome } from '../../testing/surroundings';

/** A try of a passphrase takes half a second of a core, where it is not made cheap. */
jest.setTimeout(60_000);
const CHEAP = { n: 2, r: 8, p: 1 };

const PASSPHRASE = 'correct horse battery staple';
const NEW_PASSPHRASE = 'another one that is long';
const recovery = newKeyPair();
const desk = new Desk();
let keyFile: string;
let passphraseFile: string;

beforeAll(async () => {
  keyFile = desk.file('recovery-key.json', await sealRecoveryKey(recovery.privateKey, PASSPHRASE, CHEAP));
  passphraseFile = desk.file('recovery-key.passphrase', `${PASSPHRASE}\n`);
});
afterAll(() => desk.remove());

async function plexctl(
  args: readonly string[],
  { rotation = new FakeRotation(recovery.publicKey.text), ...given }: Given & { rotation?: FakeRotation } = {},
): Promise<Outcome & { asked: string[]; requests: Request[] }> {
  const bus = new FakeBus((request) => rotation.react(request));
  try {
    const outcome = await desk.plexctl(await bus.start(), args, given);
    return { ...outcome, asked: rotation.asked, requests: bus.requests };
  } finally {
    await bus.stop();
  }
}

const sent = ({ requests }: { requests: Request[] }): string => String(requests.at(-1)?.body['statement']);
const BY_FILE = (): string[] => ['--recovery-key', keyFile, '--recovery-passphrase-file', passphraseFile];
const REVOKE = ['signing', 'revoke', '--scope', 'platform', '--key-id', 'p2', '--reason', 'stolen'];
const CHANGES = ['signing.revoke', 'signing.recommit', 'signing.rollback', 'recovery.rotate'];

describe('a statement that the recovery key vouches for', () => {
  test.each([
    ['revoke of the active key', REVOKE.concat('--yes'), { type: 'revoke', old_key_id: 'p2', new_key_id: 'p3' }],
    [
      'revoke of the retiring key',
      ['signing', 'revoke', '--scope', 'platform', '--key-id', 'p1', '--reason', 'stolen', '--yes'],
      { type: 'revoke', old_key_id: 'p1', new_key_id: 'p2' },
    ],
    [
      'rollback',
      ['signing', 'rollback', '--scope', 'platform'],
      { type: 'rollback', old_key_id: 'p2', new_key_id: 'p1' },
    ],
    [
      'recommit',
      ['signing', 'recommit', '--scope', 'platform', '--reason', 'lost'],
      { type: 'recommit', old_key_id: 'p2', new_key_id: 'p2' },
    ],
  ])('%s: is built here, and verifies by the recovery key', async (_, args, members) => {
    const run = await plexctl([...args, ...BY_FILE()]);
    expect(run).toMatchObject({ exitCode: 0 });
    const statement = await verifyStatement(sent(run), recovery.publicKey);
    expect(statement).toMatchObject({ ...members, scope: 'platform', epoch: 6, authority_epoch: null });
  });

  it('names what comes in by it, and says of the key ahead that nobody can check it', async () => {
    const rotation = new FakeRotation(recovery.publicKey.text);
    const { stderr } = await plexctl([...REVOKE, '--yes', ...BY_FILE()], { rotation });
    expect(stderr).toContain(`the new key p3 has the fingerprint SHA256:${hashOf(rotation.keys.fresh)}\n`);
    expect(stderr).toContain(`the hash ${hashOf(rotation.keys.next)}, which a signer says and nobody can check`);
    expect(stderr).toContain('the recovery key was used, so it counts as exposed: plexctl recovery rotate');
  });

  it('is not made for a revoke that is done: its answer comes again, and nobody is asked for anything', async () => {
    const rotation = new FakeRotation(recovery.publicKey.text);
    rotation.plan = { done_at: '2026-05-01T00:00:00.000Z', signs_afterwards: null, makes_key: false, gone: [] };
    const run = await plexctl([...REVOKE, ...BY_FILE()], { rotation, types: [] });
    expect(run).toMatchObject({ exitCode: 0, asked: ['signing.ring', 'signing.plan-change', 'signing.revoke'] });
    expect(run.requests.at(-1)?.body).not.toHaveProperty('statement');
    expect(run.stderr).toContain('note: p2 was revoked before: this is the answer of that revoke');
    expect(run.stderr).not.toContain('recovery key was used');
    rotation.refuses = { 'signing.revoke': problem('keyRevoked', { key_id: 'p2' }) };
    const late = await plexctl([...REVOKE, '--yes', ...BY_FILE()], { rotation });
    expect(late).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringContaining('signing: key revoked') });
  });

  type Spoil = (prepared: PrepareSuperiorReply, rotation: FakeRotation) => PrepareSuperiorReply;
  const changed =
    (members: object): Spoil =>
    (prepared) => ({ ...prepared, statement: { ...prepared.statement, ...members } });
  const foreign = newKeyPair();

  test.each<[string, Spoil]>([
    ['another type', changed({ type: 'rollback' })],
    ['another scope', changed({ scope: 'domain:0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1' })],
    ['another key to throw out', changed({ old_key_id: 'p1' })],
    ['another public key of the one that goes', changed({ old_public_key: foreign.publicKey.text })],
    ['another name of the new key', changed({ new_key_id: 'p9' })],
    ['a new key that has not signed', changed({ new_public_key: foreign.publicKey.text })],
    ['an end', changed({ closes_at: '2099-01-01T00:00:00Z' })],
    ['a second key that stays trusted', changed({ transition_expires: '2099-01-01T00:00:00Z' })],
    ['another authority', changed({ authority_epoch: 3 })],
    ['the former key ahead', (prepared, { ring }) => changed({ next: ring.next })(prepared, {} as FakeRotation)],
    ['no key ahead', changed({ next: null })],
    [
      'the new key as the key ahead of itself',
      (prepared, { keys }) => changed({ next: hashOf(keys.fresh) })(prepared, {} as FakeRotation),
    ],
    ['another head before it', changed({ previous: keyHash(foreign.publicKey.text) })],
    ['a member that nobody knows', changed({ more: 'x' })],
    ['a time that is none', changed({ opened_at: 'now' })],
    ['no possession', (prepared) => ({ ...prepared, possession: null })],
    [
      'a possession with a changed bit',
      (prepared) => ({
        ...prepared,
        possession: prepared.possession && {
          ...prepared.possession,
          signature: flipped(prepared.possession.signature),
        },
      }),
    ],
  ])('is not signed where %s was prepared', async (_, spoil) => {
    const rotation = new FakeRotation(recovery.publicKey.text);
    rotation.spoil = (prepared) => spoil(prepared, rotation);
    const run = await plexctl([...REVOKE, '--yes', ...BY_FILE()], { rotation });
    expect(run).toMatchObject({ exitCode: 1, stdout: '' });
    expect(run.stderr).toMatch(/^plexctl: what was prepared is not what was asked for\n/m);
    expect(run.stderr).toContain('hint: nothing was signed');
    expect(run.asked.filter((command) => CHANGES.includes(command))).toEqual([]);
  });

  it('is not signed where the possession is by another key', async () => {
    const rotation = new FakeRotation(recovery.publicKey.text);
    rotation.spoil = async (prepared) => {
      const key = { keyId: 'p3', privateKey: foreign.privateKey };
      const statement = { ...prepared.statement, new_public_key: foreign.publicKey.text };
      return { ...prepared, possession: await statementSignature(statement, key, 'possession') };
    };
    expect(await plexctl([...REVOKE, '--yes', ...BY_FILE()], { rotation })).toMatchObject({ exitCode: 1, stdout: '' });
    expect(rotation.asked).not.toContain('signing.revoke');
  });

  it('is not signed where the key to come is verified for longer than was shown', async () => {
    const rotation = new FakeRotation(recovery.publicKey.text);
    rotation.spoil = (prepared) => changed({ transition_expires: '2099-05-02T00:00:00Z' })(prepared, rotation);
    const run = await plexctl(['signing', 'rollback', '--scope', 'platform', ...BY_FILE()], { rotation });
    expect(run.stderr).toContain('  member: transition_expires\n');
    expect(rotation.asked).not.toContain('signing.rollback');
  });

  it('is not signed where the ring has changed meanwhile', async () => {
    const rotation = new FakeRotation(recovery.publicKey.text);
    rotation.spoil = (prepared) => changed({ epoch: 7 })(prepared, rotation);
    const run = await plexctl([...REVOKE, '--yes', ...BY_FILE()], { rotation });
    expect(run.stderr).toMatch(/^plexctl: signing: epoch mismatch\n/m);
    expect(rotation.asked).not.toContain('signing.revoke');
  });
});

const flipped = (text: string): string => `${text.startsWith('A') ? 'B' : 'A'}${text.slice(1)}`;

describe('the recovery key', () => {
  it('is asked for before anybody is asked, in the words of the service', async () => {
    const run = await plexctl([...REVOKE, '--yes']);
    expect(run).toMatchObject({ exitCode: 1, asked: [] });
    expect(run.stderr).toMatch(/^plexctl: signing: recovery key needed\n/);
  });

  it('has nothing to say in a Domain', async () => {
    const args = ['signing', 'recommit', '--scope', 'domain:0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1', '--reason', 'lost'];
    expect(await plexctl([...args, ...BY_FILE()])).toMatchObject({ exitCode: 2, asked: [] });
  });

  it('opens by what is typed, before anything is prepared, and what is typed is shown nowhere', async () => {
    const run = await plexctl([...REVOKE, '--yes', '--recovery-key', keyFile], { types: ['wrong', PASSPHRASE] });
    expect(run.exitCode).toBe(0);
    expect(run.stderr).toContain(`Passphrase of ${keyFile}: \nThat does not open it. Passphrase of ${keyFile}: \n`);
    expect(run.stderr + run.stdout + JSON.stringify(run.requests)).not.toContain(PASSPHRASE);
  });

  test.each([
    ['three wrong ones', ['a', 'b', 'c'], 'the passphrase does not open the recovery key'],
    ['Ctrl-C', [undefined], 'stopped: nothing was done'],
  ])('%s: nothing is prepared', async (_, types, detail) => {
    const run = await plexctl([...REVOKE, '--yes', '--recovery-key', keyFile], { types });
    expect(run).toMatchObject({ exitCode: 1, asked: ['signing.ring', 'signing.plan-change'] });
    expect(run.stderr).toContain(`plexctl: ${detail}\n`);
  });

  it('of another installation is refused before anything is signed', async () => {
    const rotation = new FakeRotation(newKeyPair().publicKey.text);
    const run = await plexctl([...REVOKE, '--yes', ...BY_FILE()], { rotation });
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toContain(`plexctl: signing: wrong recovery key\n  file_has: SHA256:${hashOf(recovery)}\n`);
    expect(rotation.asked).not.toContain('signing.revoke');
  });

  const REFUSED: [string, () => string[], RegExp][] = [
    [
      'a file that is none',
      () => ['--recovery-key', desk.tokenFile, '--recovery-passphrase-file', passphraseFile],
      /no recovery key file/,
    ],
    [
      'a PEM file',
      () => [
        ...['--recovery-key', desk.file('key.pem', '-----BEGIN PRIVATE KEY-----\nMC4C\n-----END PRIVATE KEY-----\n')],
        ...['--recovery-passphrase-file', passphraseFile],
      ],
      /no recovery key file/,
    ],
    [
      'a file that is not there',
      () => ['--recovery-key', '/nothing', '--recovery-passphrase-file', passphraseFile],
      /ENOENT/,
    ],
    [
      'what has no end',
      () => ['--recovery-key', '/dev/zero', '--recovery-passphrase-file', passphraseFile],
      /larger than 4096 bytes/,
    ],
    [
      'a passphrase file that others read',
      () => ['--recovery-key', keyFile, '--recovery-passphrase-file', desk.file('open', PASSPHRASE, 0o644)],
      /others can read it/,
    ],
    [
      'an empty passphrase',
      () => ['--recovery-key', keyFile, '--recovery-passphrase-file', desk.file('empty', '\n')],
      /is empty/,
    ],
    [
      'two lines',
      () => ['--recovery-key', keyFile, '--recovery-passphrase-file', desk.file('two', 'a\nb\n')],
      /more than one line/,
    ],
    ['no passphrase and no terminal', () => ['--recovery-key', keyFile], /there is no terminal/],
    ['a passphrase without a key', () => ['--recovery-passphrase-file', passphraseFile], /goes with --recovery-key/],
  ];
  test.each(REFUSED)('%s is refused, naming the flag', async (_, flags, expected) => {
    const run = await plexctl([...REVOKE, '--yes', ...flags()]);
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toMatch(expected);
    expect(run.stderr).toMatch(/^ {2}field: recovery_/m);
    expect(run.asked).not.toContain('signing.prepare-statement');
  });
});

describe('recovery rotate', () => {
  let count = 0;
  const ROTATE = (out: string): string[] => [
    ...['recovery', 'rotate', ...BY_FILE(), '--out', out, '--reason', 'used', '--new-key-id', 'recovery-2'],
  ];
  const newFile = (): string => join(desk.folder, `new-${(count += 1)}.json`);
  const NEW = (): string[] => ['--new-passphrase-file', desk.file('new.passphrase', NEW_PASSPHRASE)];

  it('writes the new key before it sends what both vouch for', async () => {
    const out = newFile();
    const rotation = new FakeRotation(recovery.publicKey.text);
    let thereWhenSent = false;
    rotation.spoil = (prepared) => {
      thereWhenSent = existsSync(out);
      return prepared;
    };
    const run = await plexctl([...ROTATE(out), ...NEW()], { rotation });
    expect(run).toMatchObject({ exitCode: 0, stderr: expect.not.stringMatching(/^plexctl:/m) });
    expect(thereWhenSent).toBe(true);
    expect(statSync(out).mode & 0o777).toBe(0o600);
    const made = publicText(await openRecoveryKey(readFileSync(out, 'utf8'), NEW_PASSPHRASE));
    expect(readStatement(sent(run))).toMatchObject({
      ...{ type: 'recovery', old_key_id: 'recovery', old_public_key: recovery.publicKey.text },
      ...{ new_key_id: 'recovery-2', new_public_key: made, next: rotation.ring.next },
    });
    await verifyStatement(sent(run), recovery.publicKey);
  });

  it('takes the passphrase that was typed twice', async () => {
    const out = newFile();
    const types = [NEW_PASSPHRASE, 'another one that is lang', NEW_PASSPHRASE, NEW_PASSPHRASE];
    const run = await plexctl(ROTATE(out), { types });
    expect(run).toMatchObject({ exitCode: 0 });
    expect(run.stderr).toContain('They differ. ');
    await expect(openRecoveryKey(readFileSync(out, 'utf8'), NEW_PASSPHRASE)).resolves.toBeDefined();
  });

  test.each([
    ['a short passphrase', ['short'], 2],
    ['Ctrl-C', [undefined], 1],
  ])('%s: nothing is written and nothing prepared', async (_, types, exitCode) => {
    const out = newFile();
    expect(await plexctl(ROTATE(out), { types })).toMatchObject({ exitCode, asked: [] });
    expect(existsSync(out)).toBe(false);
  });

  it('overwrites nothing', async () => {
    const run = await plexctl([...ROTATE(keyFile), ...NEW()]);
    expect(run).toMatchObject({ exitCode: 2, asked: [] });
    expect(publicText(await openRecoveryKey(readFileSync(keyFile, 'utf8'), PASSPHRASE))).toBe(recovery.publicKey.text);
  });

  it('says which file is of use where it is refused', async () => {
    const out = newFile();
    const rotation = new FakeRotation(recovery.publicKey.text);
    rotation.refuses['recovery.rotate'] = problem('preparedTooLate');
    const run = await plexctl([...ROTATE(out), ...NEW()], { rotation });
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toContain(
      `note: ${out} is of no use: the present recovery key stays the valid one; delete it\n`,
    );
  });

  it('shows by --plan from which key to which, and what would block it', async () => {
    const open = await plexctl(['recovery', 'rotate', '--plan', '--new-key-id', 'recovery-2']);
    expect(open.stdout).toContain(`from          recovery  SHA256:${hashOf(recovery)}\n`);
    expect(open.asked).toEqual(['signing.prepare-statement']);
    const rotation = new FakeRotation(recovery.publicKey.text);
    rotation.refuses['signing.prepare-statement'] = problem('rotationInProgress');
    const blocked = await plexctl(['recovery', 'rotate', '--plan', '--output', 'json'], { rotation });
    expect(blocked.exitCode).toBe(1);
    expect(JSON.parse(blocked.stdout)).toMatchObject({ blocked_by: ['signing: rotation in progress'] });
  });
});
