import { tellStory } from '../../src/tell-story';

// Brought up for itself: no copy.
tellStory(__dirname, { copyOf: undefined, rotations: 2, signers: 1, relays: 1 });
