import { join } from 'node:path';
import { tellStories } from '../src/tell-story';

const STORIES = ['the-sdk-as-a-package', 'the-sdk-over-http'];

tellStories(
  STORIES.map((story) => join(__dirname, story)),
  { gateways: 2, rotations: 1, relays: 2 },
);
