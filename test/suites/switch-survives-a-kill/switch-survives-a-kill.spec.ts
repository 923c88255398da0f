import { tellStory } from '../../src/tell-story';
import { LEASE } from './lease';

tellStory(__dirname, { signers: 2, env: { rotation: { PLEXSPHERE_LEASE: LEASE } } });
