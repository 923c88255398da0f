import { tellStory } from '../../src/tell-story';

tellStory(__dirname, { rotations: 2, signers: 2, relays: 1, gateways: 1 });
