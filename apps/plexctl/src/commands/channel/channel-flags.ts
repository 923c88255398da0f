import { isSide, isSlug } from '@plexsphere/wire';

/** The flags of commands about a channel. */

export const SLUG_FLAG = {
  value: 'slug',
  summary: 'of the channel',
  accepts: isSlug,
  expected: 'at most 63 small letters, digits and dashes, with no dash at either end',
  required: true,
} as const;

export const SIDE_FLAG = {
  value: 'side',
  accepts: isSide,
  expected: 'at most 31 small letters and digits, beginning with a letter; no dash',
  required: true,
} as const;
