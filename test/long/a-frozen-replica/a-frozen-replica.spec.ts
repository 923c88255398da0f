import { tellStory } from '../../src/tell-story';

tellStory(__dirname, { rotations: 3, signers: 1, relays: 1 });
