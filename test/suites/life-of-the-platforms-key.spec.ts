import { join } from 'node:path';
import { tellStories } from '../src/tell-story';

// One after the other on one stack, with the others: test/long/life-of-the-platforms-key.spec.ts.
tellStories([join(__dirname, 'revoke-the-platform-key')], { env: { rotation: { PLEXSPHERE_LEASE: '4s' } } });
