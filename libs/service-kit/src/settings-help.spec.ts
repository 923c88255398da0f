import 'reflect-metadata';
import { ServiceConfig } from './service-config';
import { settingsHelp } from './settings-help';

it('N-8: names every setting, its flag and its default', () => {
  const help = settingsHelp('signer', ServiceConfig);
  expect(help).toMatch(/^ {2}PLEXSPHERE_NATS_URL +--nats-url +required$/m);
  expect(help).toMatch(/^ {2}PLEXSPHERE_LOG_LEVEL +--log-level +info$/m);
  expect(help).toContain('/readyz');
});
