/** For specs: which statements ask outbox.message, and by which way PostgreSQL would go about each. */
import { Client } from 'pg';

interface Statement {
  text: string;
  values: unknown[];
}

/** What `work` asks of it, each text once. */
export async function askedOfMessages(work: () => Promise<unknown>): Promise<Statement[]> {
  const asked = new Map<string, Statement>();
  const spy = jest.spyOn(Client.prototype, 'query');
  try {
    await work();
    for (const [first, second] of spy.mock.calls as unknown as [string | Statement, unknown][]) {
      const text = typeof first === 'string' ? first : first.text;
      const values = (typeof first === 'string' ? second : first.values) ?? [];
      if (/\boutbox\.message\b/.test(text) && Array.isArray(values)) asked.set(text, { text, values });
    }
  } finally {
    spy.mockRestore();
  }
  return [...asked.values()];
}

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Index Cond'?: string;
  Plans?: Plan[];
}

/** What an index is ordered by first. */
const FIRST: Readonly<Record<string, string>> = {
  message_pkey: 'id',
  message_event_id_node_id_key: 'event_id',
  message_unapplied: 'event_id',
  message_unsent: 'node_id',
  message_sent: 'node_id',
  message_due: 'scope',
  message_waiting: 'id',
  message_settled: 'settled_at',
};

/** Ways that end nowhere but with the table, or with an index: whoever goes so reads whatever is there. */
export function endlessWays({ Plans = [], ...plan }: Plan): string[] {
  const { 'Node Type': type, 'Relation Name': table, 'Index Name': index, 'Index Cond': condition = '' } = plan;
  const below = Plans.flatMap(endlessWays);
  const isByIndex = index?.startsWith('message_') === true;
  const isScan = isByIndex || (table === 'message' && type === 'Seq Scan');
  // From some id on there is no end: that is what has the primary key read all that is settled.
  const bounds = index === 'message_pkey' ? '[=]' : '[=<>]';
  const isBounded = isByIndex && new RegExp(`\\(${FIRST[index]} ${bounds}`).test(condition);
  return !isScan || isBounded ? below : [`${type} ${index ?? ''} ${condition}`, ...below];
}

/** As this connection would go about it, with these values and with any: a plan that is kept is made for any. */
export async function plansOf(
  query: (text: string, values?: unknown[]) => Promise<unknown>,
  { text, values }: Statement,
): Promise<Plan[]> {
  const ways = [
    await query(`EXPLAIN (FORMAT JSON) ${text}`, values),
    await query(`EXPLAIN (FORMAT JSON, GENERIC_PLAN) ${text}`),
  ] as { 'QUERY PLAN': [{ Plan: Plan }] }[][];
  return ways.map((rows) => rows[0]!['QUERY PLAN'][0].Plan);
}
