import { tellStory } from '../../src/tell-story';

tellStory(__dirname, { rotations: 1, signers: 1, relays: 1, gateways: 1 });
