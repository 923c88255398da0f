import { tellAtOnce } from '../../src/tell-story';

tellAtOnce(__dirname, [], {
  ...{ gateways: 2, rotations: 1, relays: 2 },
  env: { rotation: { PLEXSPHERE_LEASE: '4s' } },
});
