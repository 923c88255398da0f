import { join } from 'node:path';
import { tellStories } from '../src/tell-story';

// Each takes the platform's ring as the one before has left it.
const STORIES = [
  'platform-rotations-between-two-rollbacks',
  'a-new-key-that-does-not-open',
  'a-platform-key-that-does-not-open',
  'revoke-the-platform-key',
  'another-recovery-key',
  'a-thief-of-the-platform',
];

tellStories(
  STORIES.map((story) => join(__dirname, '../suites', story)),
  { env: { rotation: { PLEXSPHERE_LEASE: '4s' } } },
);
