import { tellStory } from '../../src/tell-story';

process.env['TEST_STEP_MS'] = '900000';

// Nothing is shortened: a window of a day, and the five minutes in which senders sign by both keys.
tellStory(__dirname, { rotations: 1, signers: 2, relays: 1, gateways: 1 });
