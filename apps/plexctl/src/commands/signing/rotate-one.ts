import { channelOf } from '@plexsphere/wire';
import type { ChannelPhase, Rotate, RotateReply } from '@plexsphere/wire/commands';
import type { Invocation } from '../../command';
import { orDash, plural } from '../../layout';
import { oneRow, utc, type Result } from '../../render';
import { listed, type Terminal } from '../../terminal';

/** A rotation of one ring. */
export interface AskedRotation {
  scope: string;
  newKeyId: string | undefined;
  reason: string | undefined;
  force: boolean;
}

/** A transition as a row of it is shown. */
export type Rotated = Pick<RotateReply, 'scope' | 'old_key_id' | 'new_key_id' | 'opened_at' | 'closes_at'> & {
  /** Of a channel. */
  phase?: ChannelPhase;
  waiting_for?: readonly string[];
};

export const rotateRequest = ({ scope, newKeyId, reason, force }: AskedRotation): Rotate => ({
  scope,
  ...(newKeyId === undefined ? {} : { new_key_id: newKeyId }),
  ...(reason === undefined ? {} : { reason }),
  ...(force ? { force: true } : {}),
});

export async function rotateOne(
  asked: AskedRotation,
  { bus, terminal }: Pick<Invocation, 'bus' | 'terminal'>,
): Promise<RotateReply> {
  const { scope, newKeyId } = asked;
  const shown =
    channelOf(scope) === undefined
      ? `${newKeyId ?? 'the standby'} active`
      : `${newKeyId ?? 'a new key'} staged, or active,`;
  const ifUnknown = `plexctl signing status --scope ${scope} shows ${shown} if the rotation is open`;
  const reply = await bus.change('signing.rotate', rotateRequest(asked), ifUnknown);
  noteUnready(reply, terminal);
  noteLapsed(reply, terminal);
  if (reply.domain_nodes !== undefined && reply.domain_nodes > 0) {
    terminal.note(`told as well: ${plural(reply.domain_nodes, 'Node')} of Domains; no close waits for them`);
  }
  return reply;
}

export function rotateResult({ scope, old_key_id, new_key_id, opened_at, closes_at, ...rest }: Rotated): Result {
  const { phase, waiting_for: waitingFor = [], ...more } = rest;
  const transition = { scope, old_key_id, new_key_id, opened_at: utc(opened_at), closes_at: utc(closes_at) };
  if (phase === undefined) return { text: oneRow(transition), document: { ...transition, ...more } };
  return {
    text: oneRow({ ...transition, phase, waiting_for: orDash(waitingFor.join(',') || null) }),
    document: { ...transition, phase, waiting_for: waitingFor, ...more },
  };
}

export function noteLapsed({ lapsed = [] }: { lapsed?: readonly string[] }, terminal: Terminal): void {
  if (lapsed.length === 0) return;
  terminal.note(`silent until their lease ran out, so they work by the old ring no more: ${listed(lapsed)}`);
}

function noteUnready({ unready = [] }: { unready?: readonly string[] }, terminal: Terminal): void {
  if (unready.length === 0) return;
  terminal.note(`did not load the new key, so they sign nothing by it until they have: ${listed(unready)}`);
}
