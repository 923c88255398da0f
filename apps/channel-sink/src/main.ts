/**
 * The channel sink: a channel's member for a party that cannot embed us. It unseals what the platform tells it, writes that
 * where the party reads it, reads it back, compares, and only then has the SDK prove it. Cloud credentials live here and
 * nowhere else. It knows no database and no domain, and never merges what somebody else has written.
 */
import { runSink } from './run-sink';

void runSink(process.argv.slice(2), process.env);
