import { tellStory } from '../../src/tell-story';

process.env['TEST_STEP_MS'] = '1200000';

tellStory(__dirname, {
  ...{ rotations: 2, signers: 2, relays: 2, gateways: 2 },
  env: {
    rotation: {
      PLEXSPHERE_LEASE: '4s',
      PLEXSPHERE_OVERLAP_WINDOW: '3s',
      PLEXSPHERE_ALLOW_SHORT_OVERLAP: 'true',
      PLEXSPHERE_BOTH_KEYS_FOR: '2s',
    },
  },
});
