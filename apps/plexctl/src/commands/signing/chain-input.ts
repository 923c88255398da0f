import { isTime } from '@plexsphere/wire';
import { anchorOfBundle, JwsError, readBundle, type HeldRings, type TrustBundle } from '@plexsphere/wire/jws';
import { misuse } from '../../failure';
import { parseJson } from '../../input';
import { readSmallFile } from '../../small-file';

/** One message of a chain, as a Node gets it; the last one alone has a bundle. */
export interface Part {
  platformStatements: readonly string[];
  statements: readonly string[];
  bundle: string | undefined;
}

/** An enrolment file holds a bundle and a credential; more than a few KiB is neither. */
const MOST_BYTES = 65_536;

/** Whom to trust first: the bundle of an enrolment file, or a bundle by itself, believed as it stands. */
export function readAnchor(path: string): HeldRings {
  const text = readSmallFile(path, { flag: 'anchor', mostBytes: MOST_BYTES }).trim();
  const bundle = asBundle(text.startsWith('{') ? bundleIn(text) : text);
  return {
    scope: bundle.scope,
    ring: anchorOfBundle(bundle, bundle.issued_at),
    platform: anchorOfBundle(bundle.platform, bundle.issued_at),
    recoveryPublicKey: bundle.recovery_public_key,
  };
}

function bundleIn(text: string): string {
  // Of an enrolment file nothing is quoted: it holds a credential.
  const { bundle } = (parseJson(text, 'anchor') ?? {}) as { bundle?: unknown };
  return typeof bundle === 'string' ? bundle : '';
}

function asBundle(text: string): TrustBundle {
  try {
    return readBundle(text);
  } catch (error) {
    if (!(error instanceof JwsError)) throw error;
    throw misuse('--anchor holds no trust bundle', 'anchor', 'name an enrolment file (plexctl node add), or a bundle');
  }
}

/** A chain message, or all the parts of a longer one in an array. */
export function readParts(text: string): Part[] {
  const value = parseJson(text, 'chain');
  const parts = (Array.isArray(value) ? value : [value]).map(partOf);
  const isWhole = parts.every(({ bundle }, index) => bundle === undefined || index === parts.length - 1);
  if (parts.length === 0 || !isWhole) throw malformed('of several parts the last alone has a bundle');
  return parts;
}

function partOf(value: unknown): Part {
  const { platform_statements: platform, statements, bundle } = (value ?? {}) as Record<string, unknown>;
  if (!areTexts(platform) || !areTexts(statements)) throw malformed('it takes platform_statements and statements');
  if (bundle !== undefined && typeof bundle !== 'string') throw malformed('its bundle is a JWS');
  return { platformStatements: platform, statements, bundle };
}

const areTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((text) => typeof text === 'string');

const malformed = (hint: string) => misuse('--chain is no chain message', 'chain', hint);

export const AT_FLAG = {
  value: 'time',
  summary: 'as it was then: RFC 3339 (default: now)',
  accepts: isTime,
  expected: 'a time as RFC 3339 has it: 2026-05-01T12:00:00Z',
} as const;
