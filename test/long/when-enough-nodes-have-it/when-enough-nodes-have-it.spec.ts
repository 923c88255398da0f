import { tellStory } from '../../src/tell-story';

tellStory(__dirname, { env: { rotation: { PLEXSPHERE_LEASE: '4s', PLEXSPHERE_VERIFIER_CACHE: '1s' } } });
