import { join } from 'node:path';
import { tellStory } from '../src/tell-story';

// A staged key has propagated after a second, which is also how long a verifier may keep a key set; and whoever is killed
// is waited for no longer than needed. Each step has an issuer of its own.
tellStory(join(__dirname, '../suites/tokens-of-issuers'), {
  rotations: 1,
  signers: 2,
  relays: 1,
  gateways: 2,
  env: {
    rotation: {
      PLEXSPHERE_LEASE: '4s',
      PLEXSPHERE_VERIFIER_CACHE: '1s',
    },
  },
});
