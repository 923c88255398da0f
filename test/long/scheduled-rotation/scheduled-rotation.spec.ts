import { tellStory } from '../../src/tell-story';

// Spans of seconds, as a laboratory has them: the schedule is what is told of, not the sums that bring-up checks.
tellStory(__dirname, { env: { rotation: { PLEXSPHERE_ALLOW_SHORT_OVERLAP: 'true', PLEXSPHERE_LEASE: '3s' } } });
