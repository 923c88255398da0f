import { readConfig } from '@plexsphere/service-kit';
import { RotationConfig, forbidsBringUp } from './rotation-config';

const GIVEN = {
  PLEXSPHERE_NATS_URL: 'nats://127.0.0.1:4222',
  PLEXSPHERE_BUS_CREDENTIAL_FILE: 'bus.creds',
  PLEXSPHERE_ACCOUNT_CREDENTIAL_FILE: 'account.creds',
  PLEXSPHERE_DATABASE_URL: 'postgres://127.0.0.1/mesh',
};
const configOf = (given: Record<string, string>) => readConfig(RotationConfig, { ...GIVEN, ...given }, []);

it('starts with its own settings', () => {
  expect(forbidsBringUp(configOf({}))).toEqual([]);
});

it('refuses tokens of Nodes that end before a Node has moved to the next one, but in a laboratory', () => {
  const short = { PLEXSPHERE_NODE_TOKEN_LIFE: '299s' };
  expect(forbidsBringUp(configOf(short))).toEqual([expect.stringMatching(/^PLEXSPHERE_NODE_TOKEN_LIFE /)]);
  expect(forbidsBringUp(configOf({ PLEXSPHERE_NODE_TOKEN_LIFE: '5m' }))).toEqual([]);
  expect(forbidsBringUp(configOf({ ...short, PLEXSPHERE_ALLOW_SHORT_OVERLAP: 'true' }))).toEqual([]);
});

it.each([
  ['NODE_TOKEN_LIFE', '59s'],
  ['NODE_TOKEN_LIFE', '1001d'],
  ['ROTATE_NODE_KEYS_AFTER', '1s'],
  ['ROTATE_NODE_KEYS_AFTER', '999999999d'],
])('has no %s of %s, whoever allows what', (name, value) => {
  expect(() => configOf({ [`PLEXSPHERE_${name}`]: value, PLEXSPHERE_ALLOW_SHORT_OVERLAP: 'true' })).toThrow(name);
});
