import { rm } from 'node:fs/promises';
import { tellStory } from '../../src/tell-story';
import { LEASE } from './lease';
import { CLOCKS, WITH_A_CLOCK_OF_ITS_OWN } from './wrong-clock';

tellStory(__dirname, {
  signers: 2,
  env: { rotation: { PLEXSPHERE_LEASE: LEASE }, signer: WITH_A_CLOCK_OF_ITS_OWN },
});

afterAll(() => rm(CLOCKS, { recursive: true, force: true }));
