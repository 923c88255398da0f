import { tellStory } from '../../src/tell-story';

// What has its time is short: the window, and a dead holder's lease.
tellStory(__dirname, {
  ...{ rotations: 2, signers: 2, relays: 2, gateways: 1 },
  env: {
    rotation: {
      PLEXSPHERE_LEASE: '4s',
      PLEXSPHERE_OVERLAP_WINDOW: '3s',
      PLEXSPHERE_ALLOW_SHORT_OVERLAP: 'true',
      PLEXSPHERE_BOTH_KEYS_FOR: '2s',
      PLEXSPHERE_VERIFIER_CACHE: '1s',
    },
  },
});
