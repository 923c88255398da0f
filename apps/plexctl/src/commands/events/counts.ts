import type { EventSummary } from '@plexsphere/wire/commands';

/** How many Nodes have an event, and how many do not, as text: `1000+` is where nobody counted on. */
export function counts({ nodes, applied, waiting, superseded, expired }: EventSummary, countedTo: number) {
  const text = (count: number): string => `${count}${count >= countedTo ? '+' : ''}`;
  return {
    nodes: String(nodes),
    applied: applied === null ? '-' : String(applied),
    waiting: text(waiting),
    superseded: text(superseded),
    expired: text(expired),
  };
}
