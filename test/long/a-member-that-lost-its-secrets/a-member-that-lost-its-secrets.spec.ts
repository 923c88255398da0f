import { tellStory } from '../../src/tell-story';

tellStory(__dirname, { gateways: 1 });
