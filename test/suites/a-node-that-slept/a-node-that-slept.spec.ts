import { tellStory } from '../../src/tell-story';

tellStory(__dirname);
