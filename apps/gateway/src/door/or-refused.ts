import { StandingError, problem } from '@plexsphere/wire';

/**
 * What a Node says of its standing, in a body or in headers: read as the bus reads it, and refused as HTTP refuses it.
 * @throws Problem invariantViolation, of the member that is none
 */
export function orRefused<Source, Said>(read: (from: Source) => Said, from: Source): Said {
  try {
    return read(from);
  } catch (error) {
    throw error instanceof StandingError ? problem('invariantViolation', { field: error.field }) : error;
  }
}
