import { join } from 'node:path';
import { tellStory } from '../src/tell-story';

// Each process dies four times, in another order each time.
process.env['TEST_KILL_ROUNDS'] = '4';
process.env['TEST_STEP_MS'] = '600000';

tellStory(join(__dirname, '../suites/nothing-lost'), {
  durable: true,
  env: { rotation: { PLEXSPHERE_LEASE: '4s' } },
});
