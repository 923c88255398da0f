import type { EdgeErrorCode } from '@plexsphere/edge';

/** As plexctl's; its unit has systemd not start it again after the last two, which another start does not cure. */
export const EXIT_CODES = { ended: 0, failed: 1, misconfigured: 2, over: 77 } as const;

/** Somebody has to see to the folder first. */
const OF_THE_FOLDER: readonly EdgeErrorCode[] = [
  'not_enrolled',
  'state_damaged',
  'creds_disagree',
  'readable_by_others',
  'socket_path_too_long',
];

export const exitCodeOf = (code: EdgeErrorCode): number =>
  OF_THE_FOLDER.includes(code) ? EXIT_CODES.misconfigured : EXIT_CODES.failed;
