/** How long until what is not settled is sent again: 2 s, doubling to 60 s. */
export const RESEND_AFTER = (count: string): string =>
  `clock_timestamp() + least(60, 2 * power(2, least(${count}, 5))) * interval '1 s'`;

/**
 * Whether the Node (outbox.node_stream as `s`) owes us a word of something that it was sent, once it is told as given.
 * Epochs beside rows: of the platform's close a Domain's Node has no row.
 */
export const isUnsettled = (toldEpoch: string, toldPlatformEpoch: string): string =>
  `(${toldEpoch} > s.settled_epoch OR ${toldPlatformEpoch} > s.settled_platform_epoch
    OR EXISTS (SELECT FROM outbox.message m WHERE m.node_id = s.node_id AND m.state <> 'settled'))`;
