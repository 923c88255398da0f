import { tellAtOnce } from '../../src/tell-story';

// Half an hour: a key propagates for fifteen minutes, libraries keep what they have for ten.
process.env['TEST_STEP_MS'] = '3600000';

tellAtOnce(__dirname, [], {
  ...{ rotations: 1, signers: 2, relays: 1, gateways: 2 },
  env: { rotation: { PLEXSPHERE_TOKEN_LIFE: '1m' } },
});
