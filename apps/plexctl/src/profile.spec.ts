import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FakeBus } from '../testing/fake-bus';
import { Desk, type Outcome } from '../testing/surroundings';
import { loadProfile } from './profile';

const desk = new Desk();
afterAll(() => desk.remove());

const folder = join(desk.folder, 'config', 'plexsphere');
const write = (yaml: string): void => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'config.yaml'), yaml);
};
const env = { XDG_CONFIG_HOME: join(desk.folder, 'config'), HOME: '/home/alice' };
const load = (name?: string) => loadProfile(name, env);

const GOOD = `
default_profile: lab
profiles:
  lab: { signer_endpoint: '127.0.0.1:1', token_file: lab.token, output: yaml }
  prod: { signer_endpoint: 'signer.example:4222', token_file: ~/prod.token, bus_ca_file: ca.pem, insecure: true }
  empty:
`;

describe('a profile', () => {
  it('is the named one, or the default one', async () => {
    write(GOOD);
    expect(await load()).toEqual({
      ...{ signer_endpoint: '127.0.0.1:1', output: 'yaml' },
      token_file: join(folder, 'lab.token'),
    });
    expect(await load('prod')).toMatchObject({
      token_file: '/home/alice/prod.token',
      bus_ca_file: join(folder, 'ca.pem'),
      insecure: true,
    });
    expect(await load('empty')).toEqual({});
  });

  it('is not needed', async () => {
    expect(await loadProfile(undefined, {})).toEqual({});
    expect(await loadProfile(undefined, { HOME: '/nowhere' })).toEqual({});
    write('');
    expect(await load()).toEqual({});
    write('profiles: { lab: { output: json } }');
    expect(await load()).toEqual({});
  });

  it('comes from the home where the folder for configuration is not absolute', async () => {
    write(GOOD);
    const home = { XDG_CONFIG_HOME: 'config', HOME: '/nowhere' };
    await expect(loadProfile('lab', home)).rejects.toMatchObject({ exitCode: 2 });
  });

  it.each([
    ['an unknown profile', GOOD, 'staging', 'staging'],
    ['a default that there is not', 'default_profile: gone', undefined, 'gone'],
    ['a member of every object', GOOD, 'constructor', 'constructor'],
    ['an unknown member', 'profiles: { lab: { tokenfile: x } }', 'lab', 'tokenfile'],
    ['an unknown member of the file', 'profile: { lab: {} }', undefined, 'profile'],
    ['a malformed endpoint', 'profiles: { lab: { signer_endpoint: nats://x } }', 'lab', 'signer_endpoint'],
    ['a malformed output', 'profiles: { lab: { output: xml } }', 'lab', 'output'],
    ['a malformed switch', "profiles: { lab: { insecure: 'yes' } }", 'lab', 'insecure'],
    ['an empty token file', "profiles: { lab: { token_file: '' } }", 'lab', 'token_file'],
    ['profiles that are a list', 'profiles: [lab]', 'lab', 'profiles'],
    ['a profile that is a text', 'profiles: { lab: x }', 'lab', 'lab'],
    ['a file that is a list', '[lab]', undefined, 'configuration'],
    ['a default that is no name', 'default_profile: [a]', undefined, 'default_profile'],
    ['a file that is not YAML', 'profiles: {', undefined, 'YAML'],
  ])('is refused for %s, by name', async (_, yaml, name, named) => {
    write(yaml);
    await expect(load(name)).rejects.toMatchObject({
      exitCode: 2,
      members: { field: 'profile' },
      detail: expect.stringContaining(named),
    });
  });
});

describe('what a profile says', () => {
  async function jwks(yaml: (endpoint: string) => string, args: string[], more: Record<string, string> = {}) {
    const bus = new FakeBus(() => ({ reply: { keys: [] } }));
    write(yaml(await bus.start()));
    const line = ['signing', 'jwks', '--scope', 'platform', '--profile', 'lab', ...args];
    const outcome: Outcome = await desk.plexctl('', line, { env: { ...env, ...more } });
    await bus.stop();
    return { ...outcome, connections: bus.connections };
  }
  const lab = (endpoint: string) =>
    `profiles: { lab: { signer_endpoint: '${endpoint}', token_file: '${desk.tokenFile}', output: json } }`;

  it('is taken where neither a flag nor the environment says it', async () => {
    const { exitCode, stdout, connections } = await jwks(lab, []);
    expect({ exitCode, connections, stdout: JSON.parse(stdout) as unknown }).toEqual({
      ...{ exitCode: 0, connections: 1 },
      stdout: { keys: [] },
    });
  });

  it('comes after the environment, and that after the flags', async () => {
    expect((await jwks(lab, [], { PLEXSPHERE_SIGNER_ENDPOINT: '127.0.0.1:1' })).connections).toBe(0);
    expect((await jwks(lab, [], { PLEXSPHERE_TOKEN_FILE: '/nowhere' })).exitCode).toBe(77);
    expect((await jwks(lab, ['--output', 'text'])).stdout).toBe('KID  ALG\n');
    const env = { PLEXSPHERE_SIGNER_ENDPOINT: 'malformed' };
    expect((await jwks(lab, ['--signer-endpoint', '127.0.0.1:1'], env)).stderr).toContain('"dialled":"127.0.0.1:1"');
  });

  it('insists for its own endpoint alone', async () => {
    const insists = () => "profiles: { lab: { signer_endpoint: '192.0.2.1:1', token_file: none, insecure: true } }";
    expect((await jwks(insists, [])).stderr).toContain('token file refused');
    const outcome = await jwks(insists, ['--signer-endpoint', '192.0.2.2:1']);
    expect(outcome).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('field: signer_endpoint') });
  });
});
