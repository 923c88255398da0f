import { tellStory } from '../../src/tell-story';

process.env['TEST_STEP_MS'] = '600000';

tellStory(__dirname, { relays: 2, env: { rotation: { PLEXSPHERE_LEASE: '4s' } } });
