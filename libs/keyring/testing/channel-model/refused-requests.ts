/** What must be true of any life of a channel's ring: that nobody who was told is the reason why a request is refused. */
import { activeKey } from '../../src/key-ring';
import type { ChannelStory } from './channel-story';
import type { Process } from './process';

/** Requests of now that some receiver would refuse, though nobody who was told may be the reason. */
export const refusedRequests = (story: ChannelStory): { sender: string; receiver: string; kids: string[] }[] =>
  story.at('sender').flatMap((sender) =>
    sender.signatures(story.nowMs).flatMap((kids) =>
      story
        .at('receiver')
        .filter((receiver) => receiver.held !== undefined && kids.length > 0)
        .filter((receiver) => !kids.some((kid) => receiver.verifies(kid, story.nowMs)))
        .filter((receiver) => !kids.every((kid) => isExcused(story, kid, receiver)))
        .map((receiver) => ({ sender: sender.nodeId, receiver: receiver.nodeId, kids })),
    ),
  );

/** By a revoke, or by force; or its time is over, and the receiver was told no better. */
function isExcused({ lawless, nowMs, promisedMs, ring }: ChannelStory, kid: string, receiver: Process): boolean {
  if (lawless.has(kid)) return true;
  const isOver = nowMs >= (promisedMs.get(kid) ?? Infinity);
  return isOver && (kid !== activeKey(ring).keyId || receiver.expects(kid, nowMs));
}
