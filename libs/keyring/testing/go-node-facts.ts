/** For specs: a Node that reads no statement, a ring, and times, each with the members that a spec does not care about. */
import type { GoNode, GoRing, TrustChange } from '../src/go-node';

/** Seconds after a time that means nothing. */
export const at = (seconds: number): Date => new Date(Date.UTC(2031, 0, 1) + seconds * 1_000);

/** The same, as the database says it. */
export const instant = (seconds: number): string => at(seconds).toISOString().replace('Z', '000Z');

/** One that holds epoch 1, was told of it, and for which nothing waits. */
export const goNode = (facts: Partial<GoNode> = {}): GoNode => ({
  ...{ settledEpoch: 1, toldEpoch: 1, toldSince: [1], settledPosition: 10, lastPosition: 20 },
  ...{ ready: { epoch: 1, position: 10 }, helloId: 's-1', isHelloUnanswered: false, hasUnsettled: false },
  ...{ waits: false, wordAt: null },
  ...facts,
});

type Keys = GoRing['keys'];

/** Their states, in order: `d1` is the first. */
export const keys = (...states: Keys[number]['state'][]): Keys =>
  states.map((state, index) => ({ keyId: `d${index + 1}`, state, verifiesUntil: null }));

/** To the epoch at which this key is active; and which one it names beside it, until when. */
export const change = (
  epoch: number,
  activeKeyId: string,
  previous: [string, Date | null] | null = null,
): TrustChange => ({
  ...{ epoch, activeKeyId, previousKeyId: previous?.[0] ?? null, previousUntil: previous?.[1] ?? null },
});

/** d1 made way for d2, by which Nodes verify until an hour is over. */
export const rotatedRing = (): GoRing => ({
  trustEpoch: 2,
  keys: keys('retiring', 'active'),
  changes: [change(1, 'd1'), change(2, 'd2', ['d1', at(3_600)])],
});

export const firstRing = (): GoRing => ({ trustEpoch: 1, keys: keys('active'), changes: [change(1, 'd1')] });
