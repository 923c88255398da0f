import { tellStory } from '../../src/tell-story';

// PostgreSQL is killed too: it must flush what it has committed.
tellStory(__dirname, { durable: true, env: { rotation: { PLEXSPHERE_LEASE: '4s' } } });
