import { tellStory } from '../../src/tell-story';

tellStory(__dirname, { signers: 1, relays: 1 });
