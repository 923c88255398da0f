import { join } from 'node:path';
import { tellStories } from '../src/tell-story';

const STORIES = ['forged-revocation', 'a-thiefs-own-rotate', 'a-schedule-that-keeps-itself'];

// A staged key has propagated after a second; and whoever is killed is waited for no longer than needed.
const ROTATION = { PLEXSPHERE_LEASE: '4s', PLEXSPHERE_VERIFIER_CACHE: '1s' };

tellStories(
  STORIES.map((story) => join(__dirname, '../suites', story)),
  { env: { rotation: ROTATION } },
);
