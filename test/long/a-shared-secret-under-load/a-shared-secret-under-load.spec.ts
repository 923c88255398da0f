import { tellStory } from '../../src/tell-story';

process.env['TEST_STEP_MS'] = '1200000';

// The window has to be long enough for a sink to write and for its party to read, on a machine that is at load.
tellStory(__dirname, {
  ...{ rotations: 2, signers: 2, relays: 2, gateways: 2 },
  env: {
    rotation: {
      PLEXSPHERE_LEASE: '4s',
      PLEXSPHERE_OVERLAP_WINDOW: '6s',
      PLEXSPHERE_ALLOW_SHORT_OVERLAP: 'true',
      PLEXSPHERE_BOTH_KEYS_FOR: '2s',
      PLEXSPHERE_VERIFIER_CACHE: '2s',
    },
  },
});
