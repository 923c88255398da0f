/** A message that was verified. */
export interface ReceivedCall {
  scope: string;
  /** The newest key that it was signed by, of those that are held. */
  keyId: string;
  /** Whether that was the only one that could have verified it. */
  alone: boolean;
  /** When its sender signed it, by that end's clock. */
  sentAt: Date;
  /** As it was signed. */
  body: Uint8Array;
}

export interface ReceivedWebhook extends ReceivedCall {
  id: string;
  /** One of this id has come before: answer it as you answered that, and do nothing. */
  duplicate: boolean;
  /** It was not worked off: the next of this id is no duplicate. The adapters do it where the answer is not 2xx. */
  forget(): Promise<void>;
}
