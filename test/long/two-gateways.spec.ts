import { join } from 'node:path';
import { tellStory } from '../src/tell-story';

tellStory(join(__dirname, '../suites/two-gateways'), {
  rotations: 1,
  signers: 1,
  relays: 1,
  gateways: 2,
  env: { rotation: { PLEXSPHERE_LEASE: '5s' } },
});
