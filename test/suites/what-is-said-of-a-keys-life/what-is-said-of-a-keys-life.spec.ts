import { tellStory } from '../../src/tell-story';

// A stack of its own: what is said names how many signers there are, and which key of the platform vouches.
tellStory(__dirname);
