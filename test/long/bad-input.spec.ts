import { join } from 'node:path';
import { tellStory } from '../src/tell-story';

tellStory(join(__dirname, '../suites/bad-input'), {
  ...{ rotations: 1, signers: 1, relays: 1 },
  // So that there is a kind that it refuses.
  env: { rotation: { PLEXSPHERE_SCOPE_KINDS: 'platform,domain,issuer' } },
});
