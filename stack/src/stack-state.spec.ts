import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { claimedState, isSupervised, makeLocalFolder, readState, removeState, writeState } from './stack-state';

const folder = join(mkdtempSync(join(tmpdir(), 'plexsphere-')), 'local');
afterAll(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

test('the env file gives a shell every value as it is, and nobody else may read either file', () => {
  makeLocalFolder(folder);
  const value = `it's "$HOME" \`id\` \\ two words`;
  writeState(folder, claimedState(undefined), { DATABASE_URL: value });
  const text = execFileSync('sh', ['-c', '. "$0/env"; printf %s "$DATABASE_URL"', folder], { encoding: 'utf8' });
  expect(text).toBe(value);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  for (const file of ['env', 'stack.json']) expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
  removeState(folder);
  expect(readState(folder)).toBeUndefined();
});

test('a supervisor counts while it lives, not another process that has its pid', () => {
  const state = claimedState(undefined);
  expect(isSupervised(state)).toBe(true);
  expect(isSupervised({ ...state, identities: { [state.supervisor]: 'an earlier process' } })).toBe(false);
  expect(isSupervised({ ...state, identities: {} })).toBe(false);
});

test('what a dead supervisor left running stays on record until it is ended', () => {
  const dead = { ready: true, supervisor: 1, pids: { signer: [7] }, health: {}, identities: { 1: 'dead', 7: 'left' } };
  expect(claimedState(dead)).toMatchObject({ supervisor: process.pid, ready: false, pids: { signer: [7] } });
  expect(claimedState(dead).identities).toMatchObject({ 7: 'left' });
});
