import { tellStory } from '../../src/tell-story';

tellStory(__dirname, {
  rotations: 1,
  signers: 1,
  relays: 1,
  gateways: 2,
  env: { rotation: { PLEXSPHERE_LEASE: '5s' } },
});
