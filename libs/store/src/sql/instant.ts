/**
 * A time as text that compares as it stands: RFC 3339, UTC, of one width, with all that the database knows of it. A `Date`
 * would round it to a millisecond, in which a gateway reads many rows and a Node's stream says many words; what was read
 * before another row would be as late as that one.
 *
 * `time`: an expression of SQL of the caller's own.
 */
export const asInstant = (time: string): string =>
  `to_char(${time} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
