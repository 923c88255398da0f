/**
 * Three of the acknowledgements that a Node repeats every 60 s: after that it is absent, is sent nothing again, and waits
 * for its own hello. `stream`: what outbox.node_stream is called in the query.
 */
export const IS_PRESENT = (stream: string): string =>
  `coalesce(${stream}.last_seen_at > clock_timestamp() - interval '180 s', false)`;
