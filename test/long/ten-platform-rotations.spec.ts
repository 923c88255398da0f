import { join } from 'node:path';
import { tellStory } from '../src/tell-story';

// Every other one through the death of a rotation service, a signer and a relay.
process.env['TEST_PLATFORM_ROTATIONS'] = '10';

tellStory(join(__dirname, '../suites/platform-rotations-between-two-rollbacks'), {
  env: { rotation: { PLEXSPHERE_LEASE: '4s' } },
});
