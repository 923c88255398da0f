import { tellStory } from '../../src/tell-story';

process.env['TEST_STEP_MS'] ??= '900000';

tellStory(__dirname, { rotations: 2, signers: 1, relays: 1, gateways: 2 });
