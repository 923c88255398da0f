import { join } from 'node:path';
import { tellStory } from '../src/tell-story';

tellStory(join(__dirname, '../suites/a-reply-that-was-lost'), {
  rotations: 2,
  signers: 2,
  relays: 1,
  env: { rotation: { PLEXSPHERE_LEASE: '4s' } },
});
