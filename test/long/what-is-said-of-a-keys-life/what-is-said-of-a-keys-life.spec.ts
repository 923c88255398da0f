import { tellStory } from '../../src/tell-story';

// A stack of its own: what is said names how many signers there are, and which key of the platform vouches.
// A staged key has propagated after a second.
const ROTATION = { PLEXSPHERE_VERIFIER_CACHE: '1s' };

tellStory(__dirname, { rotations: 1, relays: 1, env: { rotation: ROTATION } });
