import { chmodSync } from 'node:fs';
import { busCredentialText } from '@plexsphere/testkit';
import { Desk, OPERATOR } from '../testing/surroundings';
import type { Failure } from './failure';
import { readTokenFile } from './token-file';

const desk = new Desk();
afterAll(() => desk.remove());

const refused = (path: string): Failure => {
  try {
    readTokenFile(path);
  } catch (error) {
    return error as Failure;
  }
  throw new Error('accepted');
};

describe('the token file', () => {
  it('says who asks', () => {
    expect(readTokenFile(desk.tokenFile).operator).toBe(OPERATOR);
  });

  it.each([0o640, 0o604, 0o620, 0o602, 0o610, 0o666])('is refused where others have rights: %o', (mode) => {
    const path = desk.file('open.token', JSON.stringify({ operator: OPERATOR, bus_credential: busCredentialText() }));
    chmodSync(path, mode);
    expect(refused(path)).toMatchObject({ exitCode: 77, members: { file: path, cause: 'others can read it' } });
  });

  it.each([
    ['no JSON', 'SECRET'],
    ['no object', 'null'],
    ['no operator', JSON.stringify({ bus_credential: busCredentialText() })],
    [
      'an operator that would leave its subject',
      JSON.stringify({ operator: 'a.>', bus_credential: busCredentialText() }),
    ],
    ['no credential', JSON.stringify({ operator: OPERATOR })],
    ['a credential that is none', JSON.stringify({ operator: OPERATOR, bus_credential: 'SECRET' })],
  ])('is refused where it has %s, and is not quoted', (_, text) => {
    const failure = refused(desk.file('bad.token', text));
    expect(failure.exitCode).toBe(77);
    expect(JSON.stringify([failure.detail, failure.members, failure.hint])).not.toContain('SECRET');
  });

  it('that is not there is named', () => {
    expect(refused('/nowhere/token')).toMatchObject({ exitCode: 77, members: { cause: 'ENOENT' } });
  });
});
