import { tellStory } from '../../src/tell-story';

// Two gateways share them: 5,000 each. Allow 20,000 descriptors a process (ulimit -n).
tellStory(__dirname, { rotations: 1, signers: 1, relays: 2, gateways: 2 });
