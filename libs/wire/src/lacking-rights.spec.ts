import type { BusUser } from './inbox';
import { lackingRights } from './lacking-rights';
import { busPermissions } from './permissions';
import { SERVICE_NAMES } from './services';

const jwtOf = (nats: object): string => `h.${Buffer.from(JSON.stringify({ nats })).toString('base64url')}.s`;
const made = (user: BusUser, without: readonly string[] = []): string => {
  const { publish, subscribe } = busPermissions(user);
  const kept = (subjects: readonly string[]) => ({ allow: subjects.filter((each) => !without.includes(each)) });
  return jwtOf({ pub: kept(publish), sub: kept(subscribe) });
};

test.each(SERVICE_NAMES)('a credential of this version lets %s do all of it', (kind) => {
  expect(lackingRights(made({ kind }), { kind })).toEqual([]);
});

test('what an earlier version made lacks what has come since, said or heard', () => {
  const [gateway, rotation] = [{ kind: 'gateway' }, { kind: 'rotation' }] as const;
  expect(lackingRights(made(gateway, ['http.*.token']), gateway)).toEqual(['http.*.token']);
  expect(lackingRights(made(rotation, ['http.*.token', 'node.*.order']), rotation).sort()).toEqual([
    ...['http.*.token', 'node.*.order'],
  ]);
});

test('a wider right is enough, a narrower one is not', () => {
  const user = { kind: 'gateway' } as const;
  expect(lackingRights(jwtOf({ pub: { allow: ['>'] }, sub: { allow: ['>'] } }), user)).toEqual([]);
  const narrow = jwtOf({ pub: { allow: ['http.a.token'] }, sub: { allow: ['>'] } });
  expect(lackingRights(narrow, user)).toContain('http.*.token');
  expect(lackingRights('no JWT', user)).toContain('http.*.token');
  expect(lackingRights(jwtOf({ pub: { deny: ['>'] }, sub: { allow: ['>'] } }), user)).toEqual(
    busPermissions(user).publish,
  );
});
