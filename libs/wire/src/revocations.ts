/** What the bus must refuse: each credential of this user that was issued at `at` (Unix seconds) or before. */
export interface Revocation {
  public_key: string;
  at: number;
}

/**
 * As many as the account's JWT carries: it goes to the bus in one message, whose limit is 1 MB there, and each one looks
 * at every connection when it comes. So many are 505 KB of JWT.
 */
export const MAX_REVOCATIONS = 5_400;
export const MAX_ACCOUNT_BYTES = 512_000;

/** An nkey of 56 letters, a blank, ten digits, a line feed. */
export const REVOCATION_LINE_BYTES = 68;
export const REVOCATION_LINES = /^(?:U[A-Z2-7]{55} [0-9]{1,10}\n)*$/;

export const revocationLines = (revocations: readonly Revocation[]): string =>
  revocations.map(({ public_key, at }) => `${public_key} ${at}\n`).join('');

/** Of what matches REVOCATION_LINES. */
export const parseRevocationLines = (lines: string): Revocation[] =>
  lines
    .split('\n')
    .slice(0, -1)
    .map((line) => ({ public_key: line.slice(0, 56), at: Number(line.slice(57)) }));
