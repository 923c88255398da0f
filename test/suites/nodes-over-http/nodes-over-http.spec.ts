import { join } from 'node:path';
import { tellAtOnce } from '../../src/tell-story';

tellAtOnce(__dirname, [join(__dirname, '../replicas-stand-still-before-nodes-over-http')], {
  ...{ gateways: 2, rotations: 1, relays: 2 },
  env: { rotation: { PLEXSPHERE_LEASE: '4s' } },
});
