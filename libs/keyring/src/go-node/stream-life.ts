import type { GoNode, Instant, StreamWord } from './go-node';
import type { GoRing } from './go-ring';
import type { PresentedId } from './last-event-id';
import { meetStates, takenAnswer, type BegunState } from './node-states';
import { mustWait, openStream } from './open-stream';
import { dropped, passed, passes, type GoStream, type StreamMessage } from './pass-message';

/** A stream with what it waits for. Times by its gateway's clock. */
export interface StreamLife<M extends StreamMessage = StreamMessage> extends GoStream {
  /** A key event that waits, and all that came after it; since when, by its gateway's clock. */
  readonly held: readonly M[];
  readonly heldSinceMs: number;
  /** Whether a word is to be said once the row is read. */
  readonly isWordDue: boolean;
  /** What is proven of the Node, and repeated with each word: it holds this epoch, it has taken all up to this position. */
  readonly proven: { readonly epoch: number | null; readonly position: number | null };
  /** When the row was last asked for, while a word is awaited. */
  readonly lookedAtMs: number;
  readonly beganAtMs: number;
  readonly endsAtMs: number;
  /** How long it lasts once it waits, drawn for it. */
  readonly patienceMs: number;
}

type StreamDeed<M> =
  | { readonly kind: 'write'; readonly message: M }
  /** Read the Node's row, and come back with it (`onRow`). */
  | { readonly kind: 'look' }
  | { readonly kind: 'say'; readonly word: StreamWord }
  /** Hear whatever was told until now, then come back (`onTime`): a gateway that stood still is behind. */
  | { readonly kind: 'catchUp' }
  | { readonly kind: 'end' };

export interface Turn<M extends StreamMessage> {
  readonly stream: StreamLife<M>;
  readonly deeds: readonly StreamDeed<M>[];
}

/** A Node's row with its ring, read in one statement. */
export interface NodeRow {
  readonly node: GoNode;
  readonly ring: GoRing;
  readonly readAt: Instant;
  /** Of the Node's subject, as of the last message that is on record. */
  readonly lastSequence: number;
}

/** What a gateway knows beside the stream. */
export interface Hearing {
  readonly states: readonly BegunState[];
  /** From when on it has heard whatever was told to all gateways. */
  readonly hearsSinceMs: number;
  /** Until when it has. */
  readonly heardUntilMs: number;
  readonly now: Date;
}

/** How long a waiting stream lasts: at random, else its 30 s beat misses the heartbeat's for ever. */
export const WAITS_MS = { least: 8_000, most: 16_000 } as const;

/** Bytes in a socket are read by then, or were cut off with it. */
const STREAM_LASTS_MS = 60_000;

/** A state that was begun on a waiting stream is let come to its drift. */
const STATE_TAKES_MS = 3_000;

/** Of what comes behind news of keys that wait: with more the stream asks anew, once they may go. */
const MOST_HELD = 64;

/** How long a word may be unanswered: then it is said again. */
const ANSWERED_WITHIN_MS = 5_000;

export function beginStream<M extends StreamMessage>(
  { id, patienceMs }: Pick<StreamLife, 'id' | 'patienceMs'>,
  presented: PresentedId | null,
  row: NodeRow,
  now: Date,
): Turn<M> {
  const { node, ring, readAt, lastSequence } = row;
  const nowMs = now.getTime();
  const stream: StreamLife<M> = {
    ...{ id, words: 0, mode: 'live', epoch: node.settledEpoch, awaits: null },
    ...{ sequence: lastSequence, hasTold: false, openedAt: readAt },
    ...{
      held: [],
      heldSinceMs: nowMs,
      isWordDue: false,
      proven: { epoch: null, position: null },
      lookedAtMs: nowMs,
      beganAtMs: nowMs,
      endsAtMs: lastingUntil({ beganAtMs: nowMs }),
      patienceMs,
    },
  };
  const opening = openStream(presented, node, ring, now);
  if (opening.kind === 'waits') return waiting(stream, opening.tells, now);
  const live = { ...stream, epoch: opening.epoch };
  if (opening.kind === 'silent') return { stream: live, deeds: [] };
  const { epoch, isProven, position, asks } = opening;
  const proving = { ...live, proven: { epoch: isProven ? epoch : null, position } };
  return said(asks ? asked(proving, now) : proving);
}

/** What was published to the Node. */
export function onMessage<M extends StreamMessage>(stream: StreamLife<M>, message: M, hearing: Hearing): Turn<M> {
  if (isPastEnd(stream, hearing.now)) return { stream, deeds: [{ kind: 'end' }] };
  if (stream.held.length >= MOST_HELD) return looking(dropped(stream, message), hearing.now);
  if (stream.held.length > 0) return { stream: { ...stream, held: [...stream.held, message] }, deeds: [] };
  const passing = passes(stream, message, hearing.now);
  if (passing === 'drop') return { stream: dropped(stream, message), deeds: [] };
  if (passing === 'lookAgain') return looking(dropped(stream, message), hearing.now);
  if (message.kind !== 'key') return written(stream, message);
  return { stream: { ...stream, held: [message], heldSinceMs: hearing.now.getTime() }, deeds: [{ kind: 'catchUp' }] };
}

/** Something was missed, or may have been: a hole, the bus back. */
export const onGap = <M extends StreamMessage>(stream: StreamLife<M>, now: Date): Turn<M> =>
  stream.mode === 'live' ? looking(stream, now) : { stream, deeds: [] };

/** The scope's ring has changed: the key of the stream's epoch may be gone. One reading of the ring serves all its streams. */
export const onRing = <M extends StreamMessage>(stream: StreamLife<M>, ring: GoRing, now: Date): Turn<M> =>
  stream.mode === 'live' && mustWait(stream.epoch, ring, now) ? waiting(stream, true, now) : { stream, deeds: [] };

/**
 * The Node has worked a state in; `hearing` is as it was before. It proves that the Node holds what the state said where
 * the stream has waited since before the state was answered, and no key event lies in its socket: what earlier streams had
 * for the Node it had read before it asked for this one.
 */
export function onDrift<M extends StreamMessage>(
  stream: StreamLife<M>,
  drift: { readonly stateId: string; readonly setsKeys: boolean },
  { states }: Hearing,
): Turn<M> {
  const state = states.find(({ id }) => id === drift.stateId);
  const taken = takenAnswer(state, drift.setsKeys);
  const isProof = stream.mode === 'waits' && !stream.hasTold && taken !== undefined && taken.readAt > stream.openedAt;
  if (!isProof) return { stream, deeds: [] };
  const proven = { epoch: taken.epoch, position: null };
  // Its end waits for the row.
  return { stream: { ...stream, proven, endsAtMs: lastingUntil(stream) }, deeds: [{ kind: 'look' }] };
}

/** The Node's row, that was asked for. */
export function onRow<M extends StreamMessage>(stream: StreamLife<M>, row: NodeRow, now: Date): Turn<M> {
  const { ring } = row;
  const { mode, epoch, proven } = stream;
  if (mode === 'waits' && proven.epoch !== null) return provenByState(stream, proven.epoch, row, now);
  if (mode !== 'live') return { stream, deeds: [] };
  if (mustWait(epoch, ring, now)) return waiting(stream, !row.node.waits, now);
  return stream.isWordDue ? said(stream) : { stream, deeds: [] };
}

/** Time passes; `hearing` may be other than before. */
export function onTime<M extends StreamMessage>(stream: StreamLife<M>, hearing: Hearing): Turn<M> {
  const nowMs = hearing.now.getTime();
  if (nowMs >= stream.endsAtMs && !isStateBegunOn(stream, hearing)) return { stream, deeds: [{ kind: 'end' }] };
  if (stream.held.length > 0) return released(stream, hearing);
  const isUnanswered = stream.mode === 'live' && stream.awaits !== null;
  return isUnanswered && nowMs - stream.lookedAtMs >= ANSWERED_WITHIN_MS
    ? looking(stream, hearing.now)
    : { stream, deeds: [] };
}

/**
 * A gateway that stood still hears a message before it sees the time. What it wrote long ago may be refused when it is read,
 * and an id behind that would count as if it had been taken.
 */
const isPastEnd = <M extends StreamMessage>({ beganAtMs }: StreamLife<M>, now: Date): boolean =>
  now.getTime() >= beganAtMs + STREAM_LASTS_MS;

function provenByState<M extends StreamMessage>(
  stream: StreamLife<M>,
  epoch: number,
  { ring }: NodeRow,
  now: Date,
): Turn<M> {
  const proven = { ...stream, epoch };
  if (mustWait(epoch, ring, now)) return said(ending(proven, now));
  return said(asked({ ...proven, mode: 'live' }, now));
}

/** A word is due; until it is answered nothing that was sent before it passes. */
const asked = <M extends StreamMessage>(stream: StreamLife<M>, now: Date): StreamLife<M> => ({
  ...stream,
  words: stream.words + 1,
  awaits: `${stream.id}-${stream.words + 1}`,
  isWordDue: true,
  lookedAtMs: now.getTime(),
  held: [],
});

const looking = <M extends StreamMessage>(stream: StreamLife<M>, now: Date): Turn<M> => ({
  stream: asked(stream, now),
  deeds: [{ kind: 'look' }],
});

/**
 * A word is as old as its stream: one of a Node's earlier stream, half open yet, changes nothing once a later one has
 * spoken, however often it is said again.
 */
function said<M extends StreamMessage>(stream: StreamLife<M>): Turn<M> {
  const { awaits: helloId, epoch, proven, mode, openedAt: readAt } = stream;
  const isProven = proven.epoch === epoch;
  const word = { helloId, epoch, isProven, position: proven.position, waits: mode === 'waits', readAt };
  return { stream: { ...stream, isWordDue: false }, deeds: [{ kind: 'say', word }] };
}

function waiting<M extends StreamMessage>(stream: StreamLife<M>, tells: boolean, now: Date): Turn<M> {
  const waits = ending({ ...stream, mode: 'waits', awaits: null, isWordDue: false, held: [] }, now);
  return tells ? said(waits) : { stream: waits, deeds: [] };
}

const ending = <M extends StreamMessage>(stream: StreamLife<M>, now: Date): StreamLife<M> => ({
  ...stream,
  endsAtMs: Math.min(stream.endsAtMs, now.getTime() + stream.patienceMs),
});

const lastingUntil = ({ beganAtMs }: Pick<StreamLife, 'beganAtMs'>): number => beganAtMs + STREAM_LASTS_MS;

const isStateBegunOn = ({ mode, beganAtMs }: StreamLife<StreamMessage>, { states, now }: Hearing): boolean =>
  mode === 'waits' &&
  states.some(
    ({ heardAtMs, isOver }) => !isOver && heardAtMs >= beganAtMs && now.getTime() - heardAtMs < STATE_TAKES_MS,
  );

const written = <M extends StreamMessage>(stream: StreamLife<M>, message: M): Turn<M> => ({
  stream: passed(stream, message),
  deeds: [{ kind: 'write', message }],
});

/** What was held, in its order, as far as it goes: the key event that is first, and what came behind it. */
function released<M extends StreamMessage>(stream: StreamLife<M>, hearing: Hearing): Turn<M> {
  const [news, ...others] = stream.held;
  const { states, hearsSinceMs, heardUntilMs, now } = hearing;
  if (news === undefined || heardUntilMs < stream.heldSinceMs) return { stream, deeds: [] };
  const meeting = meetStates(news, states, hearsSinceMs, now.getTime());
  if (meeting === 'wait') return { stream, deeds: [] };
  const free = { ...stream, held: [] };
  const isPassing = meeting === 'go' && passes(free, news, now) === 'pass';
  const first = isPassing ? written(free, news) : looking(dropped(free, news), now);
  const deeds: StreamDeed<M>[] = [...first.deeds];
  let after = first.stream;
  for (const message of others) {
    const turn = onMessage(after, message, hearing);
    deeds.push(...turn.deeds);
    after = turn.stream;
  }
  return { stream: after, deeds };
}
