import 'reflect-metadata';
import { readConfig } from '@plexsphere/service-kit';
import { GatewayConfig } from './gateway-config';

const complete = {
  PLEXSPHERE_NATS_URL: 'nats://127.0.0.1:4222',
  PLEXSPHERE_BUS_CREDENTIAL_FILE: 'gateway.creds',
  PLEXSPHERE_DATABASE_URL: 'postgres://somebody@127.0.0.1/db',
};
const read = (...argv: string[]): GatewayConfig => readConfig(GatewayConfig, complete, argv);

test('clients come a thousand times a second, and nobody is believed of others, where nothing else is said', () => {
  expect(read()).toMatchObject({ clientRate: 1_000, trustedProxies: '' });
  const given = read('--client-rate', '50', '--trusted-proxies', '10.0.0.7,192.168.0.0/16, fd00::/8');
  expect(given).toMatchObject({ clientRate: 50, trustedProxies: '10.0.0.7,192.168.0.0/16, fd00::/8' });
});

test('Nodes with a key of their own are told of the gateway’s own bus where nothing else is said, and of no gateway', () => {
  expect(read()).toMatchObject({ nodeBusServers: '', nodeBusCaFile: '', nodeGateways: '' });
  const given = {
    nodeBusServers: 'tls://a:4222,tls://b:4222',
    nodeGateways: 'https://a.example.com,http://127.0.0.1:8080/',
  };
  expect(read('--node-bus-servers', given.nodeBusServers, '--node-gateways', given.nodeGateways)).toMatchObject(given);
});

const NO_SERVERS = 'PLEXSPHERE_NODE_BUS_SERVERS must be addresses as PLEXSPHERE_NATS_URL has them.';
const NO_GATEWAYS =
  'PLEXSPHERE_NODE_GATEWAYS must be http:// or https:// addresses without a path, with commas between.';

test.each([
  ['--node-bus-servers', 'nats://10.0.0.7:4222', NO_SERVERS],
  ['--node-bus-servers', 'bus.example.com', NO_SERVERS],
  ['--node-gateways', 'https://a.example.com/base', NO_GATEWAYS],
  ['--node-gateways', 'https://a:b@a.example.com', NO_GATEWAYS],
  ['--node-gateways', 'a.example.com', NO_GATEWAYS],
  ['--client-rate', '0', 'PLEXSPHERE_CLIENT_RATE must be at least 1.'],
  ['--client-rate', '1.5', 'PLEXSPHERE_CLIENT_RATE must be a whole number.'],
  ['--client-rate', 'many', /PLEXSPHERE_CLIENT_RATE must be/],
  ['--trusted-proxies', '10.0.0.0/33', 'PLEXSPHERE_TRUSTED_PROXIES must be a list of addresses and networks.'],
  ['--trusted-proxies', 'proxy.example.com', 'PLEXSPHERE_TRUSTED_PROXIES must be a list of addresses and networks.'],
])('%s %s is refused', (flag, value, sentence) => {
  expect(() => read(flag, value)).toThrow(sentence);
});
