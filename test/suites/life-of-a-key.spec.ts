import { join } from 'node:path';
import { tellStories } from '../src/tell-story';

// The rest of a key's life, on one stack as well: test/long/life-of-a-key-at-length.spec.ts.
const STORIES = ['staged-then-rotated', 'rollback-in-overlap', 'revoke-a-domain-key', 'an-issuer-and-its-standby'];

// A staged key has propagated after a second; and whoever is killed is waited for no longer than needed.
const ROTATION = { PLEXSPHERE_LEASE: '4s', PLEXSPHERE_VERIFIER_CACHE: '1s' };

tellStories(
  STORIES.map((story) => join(__dirname, story)),
  { env: { rotation: ROTATION } },
);
