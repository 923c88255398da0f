import { join } from 'node:path';
import { tellAtOnce } from '../src/tell-story';

// News are cut off after each of their bytes; both gateways stand still, and both relays.
process.env['TEST_HTTP_ROTATIONS'] = '30';
process.env['TEST_NEWS_CUTS'] = 'all';
process.env['TEST_STILL_ROUNDS'] = '6';
process.env['TEST_RESTART_ROUNDS'] = '4';
const slept = (process.env['TEST_SLEPT'] ??= '1,30,300').split(',').map(Number);
// A rotation that is slept through takes three to four seconds, and longer where others run beside it.
const ROTATION_MS = 12_000;
const OTHERWISE_MS = 1_800_000;
process.env['TEST_STEP_MS'] = String(OTHERWISE_MS + ROTATION_MS * slept.reduce((sum, each) => sum + each, 0));

const stories = join(__dirname, '../suites/nodes-over-http');

tellAtOnce(stories, [join(__dirname, 'replicas-stand-still-before-nodes-over-http')], {
  ...{ gateways: 2, rotations: 1, relays: 2 },
  env: { rotation: { PLEXSPHERE_LEASE: '4s' } },
});
