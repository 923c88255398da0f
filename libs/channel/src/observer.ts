import type { RefusalReason } from './refusals';

/** Is told of each message at once: what a member reports of its rings. What it throws is dropped. */
export interface ChannelObserver {
  /** Once for each key that a message was signed by, the newest last. */
  signed(scope: string, keyId: string): void;
  /** `alone`: of the keys that are held here no other could have verified it. */
  verified(scope: string, keyId: string, alone: boolean): void;
  refused(scope: string, reason: RefusalReason): void;
}

/** What counts must not decide what is taken. */
export function tell(observer: ChannelObserver | undefined, told: (observer: ChannelObserver) => void): void {
  if (observer === undefined) return;
  try {
    told(observer);
  } catch {
    // It was told that nothing comes of it.
  }
}
