import { IsInt, IsOptional, Matches, Max, Min } from '../validator';

/** Rows in one reply, far below the bus' limit of 1 MB; and how many there are where nobody says. */
export const MOST_ROWS = 200;
export const DEFAULT_ROWS = 50;

/** A listing that goes on as long as there is a `next`. */
export class Page {
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MOST_ROWS)
  limit?: number;

  /** The `next` of the reply before, of the same listing. */
  @IsOptional()
  @Matches(/^[A-Za-z0-9_-]{8}\.[0-9a-z./-]{1,120}$/)
  after?: string;
}

/** A page may have fewer rows than were asked for, none too, and others behind it: what one request looks at is bounded. */
export interface Paged {
  /** Where there are more: ask again with it as `after`. */
  next?: string;
}
