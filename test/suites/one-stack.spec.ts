import { join } from 'node:path';
import { tellStories } from '../src/tell-story';

// Platform first: it counts every Domain's Nodes, and finds the keys that bring-up made.
const STORIES = [
  'platform-rotations',
  'rotate-a-domain',
  'publish-events',
  'a-node-that-slept',
  'one-open-rotation',
  'remove-a-domain',
];

tellStories(STORIES.map((story) => join(__dirname, story)));
