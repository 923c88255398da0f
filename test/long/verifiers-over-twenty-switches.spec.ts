import { join } from 'node:path';
import { tellAtOnce } from '../src/tell-story';

// A hundred verifiers. Each switch has a propagation delay before it.
process.env['TEST_SWITCHES'] = '20';
process.env['TEST_VERIFIERS'] = '100';
process.env['TEST_STORY'] = 'warm-verifiers-over-many-switches';
process.env['TEST_STEP_MS'] = '900000';

tellAtOnce(join(__dirname, 'verifiers-of-tokens'), [], {
  ...{ rotations: 1, signers: 2, relays: 1, gateways: 2 },
  env: {
    rotation: { PLEXSPHERE_LEASE: '4s', PLEXSPHERE_VERIFIER_CACHE: '5s', PLEXSPHERE_TOKEN_LIFE: '10s' },
  },
});
