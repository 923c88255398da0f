/** Who stands in a list, said in SQL as the domain's `progressOf` has it (libs/keyring). */

/** A Node counts in regard of its own scope's ring and, as a Domain's that reads statements, of the platform's, which is an anchor. */
export type Regard = 'own' | 'anchor';

export const LISTS = ['lagging', 'pending', 'offline', 'waiting'] as const;
export type List = (typeof LISTS)[number];

/** The first names of a list. `quietest` is one of a single Node: who, of those who count as there, was silent for longest. */
export interface NamesWanted {
  scope: string;
  regard: Regard;
  list: List | 'quietest';
  trustEpoch: number;
  /** Of `quietest`: it was heard before this instant. */
  heardBefore: string | null;
}

export interface NamedNode {
  name: string;
  /** When it was last heard; null of one that never was. */
  since: string | null;
}

/** Null of one that is pending: it may have called, and holds nothing. */
export const HEARD =
  'CASE WHEN stream.first_seen_at IS NOT NULL THEN coalesce(stream.last_seen_at, stream.first_seen_at) END';
/** One that has registered and never had a stream is pending. */
export const IS_WAITING = '(stream.waits_since IS NOT NULL AND stream.stream_seen_at IS NOT NULL)';

/** The columns of `wanted`. */
export const NAMED_TERMS =
  'place int, scope text, list text, is_own boolean, trust_epoch bigint, heard_before timestamptz';

interface Source {
  /** Has the streams as `stream`, and their Nodes' names as `name`. */
  from: string;
  where: string;
  offlineBefore: string;
  most: string;
}

/** By the millisecond, as the domain sees times; the names of a list by name alone. */
export const namedOf = ({ from, where, offlineBefore, most }: Source): string => `(
  SELECT coalesce(jsonb_agg(one), '[]') AS nodes FROM (
    SELECT name, ${HEARD} AS since
      FROM ${from}
     WHERE ${where} AND (wanted.is_own OR stream.listens <> 'go')
       AND CASE wanted.list
             WHEN 'pending' THEN stream.first_seen_at IS NULL
             WHEN 'waiting' THEN ${IS_WAITING}
             WHEN 'offline' THEN ${HEARD} < ${offlineBefore}
             WHEN 'quietest' THEN ${HEARD} >= ${offlineBefore} AND ${HEARD} < wanted.heard_before
             ELSE stream.first_seen_at IS NOT NULL
                  AND CASE WHEN wanted.is_own THEN stream.settled_epoch ELSE stream.settled_platform_epoch END < wanted.trust_epoch
           END
     ORDER BY CASE wanted.list WHEN 'quietest' THEN date_trunc('milliseconds', ${HEARD}) END, name
     LIMIT CASE wanted.list WHEN 'quietest' THEN 1 ELSE ${most} END
  ) AS one
)`;
