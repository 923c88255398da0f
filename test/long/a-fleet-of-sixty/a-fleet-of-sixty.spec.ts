import { tellStory } from '../../src/tell-story';

tellStory(__dirname, { rotations: 2, signers: 1, relays: 2, gateways: 2 });
