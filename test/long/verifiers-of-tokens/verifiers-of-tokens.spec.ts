import { tellAtOnce } from '../../src/tell-story';

// Caches in between may keep a key set for a second, libraries for three (their times are cut), and a staged key has
// propagated after five.
const ROTATION = {
  PLEXSPHERE_LEASE: '4s',
  PLEXSPHERE_VERIFIER_CACHE: '5s',
  // Stories whose tokens have to outlive something say so.
  PLEXSPHERE_TOKEN_LIFE: '10s',
};

tellAtOnce(__dirname, [], { rotations: 1, signers: 2, relays: 1, gateways: 2, env: { rotation: ROTATION } });
