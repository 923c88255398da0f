import { join } from 'node:path';
import { tellStory } from '../src/tell-story';

// Brought up for itself: no copy.
tellStory(join(__dirname, '../suites/bring-up'), { copyOf: undefined, rotations: 2, signers: 1, relays: 1 });
