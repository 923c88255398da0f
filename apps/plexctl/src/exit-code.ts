/**
 * The catalogue of exit codes. A service's answer is mapped by its code (wire, problem.ts); what plexctl refuses itself
 * follows the same rule: 2 says "write the command differently", 77 says "you lack a usable credential", 1 all the rest.
 *
 * 77 covers the token file as well (none named, not there, open to others, not a token file): for a script it is the
 * same finding as a bus that refuses the credential, and no change of the other flags cures it.
 */
export const EXIT_CODES = {
  0: 'done',
  1: 'refused, or not reached',
  2: 'a flag or argument is missing or malformed',
  77: 'no credential that the bus accepts, or no permission',
} as const;
export type ExitCode = keyof typeof EXIT_CODES;
