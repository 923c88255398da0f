import { tellStory } from '../../src/tell-story';

tellStory(__dirname, { gateways: 2, rotations: 1, relays: 2 });
