/** A place where secrets are written for a party that reads them there. */
export interface Target {
  /**
   * What the party reads at this moment; undefined where there is nothing yet.
   * @throws SinkError
   */
  read(): Promise<Found | undefined>;
  /**
   * Puts the text in the place of what was found, and of nothing else: where that changed meanwhile it refuses. All of the
   * text or nothing of it is ever read. May be called again with the same text and token after it failed, in any place.
   * @throws SinkError
   */
  replace(text: string, options: Replacing): Promise<void>;
}

export interface Found {
  text: string;
  /** Another one where it was written again, with the same text too. */
  version: string;
}

export interface Replacing {
  found: Found | undefined;
  /** A UUID of this text in this place. */
  token: string;
}

/** As much as AWS Secrets Manager takes (its quotas), and no target needs more. */
export const MOST_BYTES = 65_536;
