/** What is made of a guard's options: everything that can be wrong with them is found here, before any request. */
import { X509Certificate } from 'node:crypto';
import { GuardOptionError } from './guard-option-error';
import type { JwtGuardOptions } from './guard-options';
import { DEFAULT_TIMES, type Times } from './times';

export interface GuardSettings {
  issuer: string;
  audience: string[];
  realm: string;
  jwksUrl: URL;
  types: string[];
  clockToleranceSeconds: number;
  ca: string | undefined;
  times: Times;
}

const DEFAULT_TOLERANCE_SECONDS = 5;
const MAX_TOLERANCE_SECONDS = 60;

/** @throws GuardOptionError */
export function readSettings(options: JwtGuardOptions): GuardSettings {
  const { issuer, clockToleranceSeconds = DEFAULT_TOLERANCE_SECONDS, allowPlaintext = false, ca } = options;
  readUrl('issuer', issuer);
  const jwksUrl = readUrl('jwksUri', options.jwksUri ?? `${issuer.replace(/\/$/, '')}/.well-known/jwks.json`);
  if (jwksUrl.protocol === 'http:' && !allowPlaintext && !isLoopback(jwksUrl.hostname))
    throw new GuardOptionError('jwksUri', 'is beyond this machine and has to be https');
  if (ca !== undefined && (jwksUrl.protocol !== 'https:' || !isCertificate(ca)))
    throw new GuardOptionError('ca', 'has to be a certificate (PEM), and the keys to come by https');
  if (!isWithinRange(clockToleranceSeconds, 0, MAX_TOLERANCE_SECONDS))
    throw new GuardOptionError('clockToleranceSeconds', `has to be from 0 to ${MAX_TOLERANCE_SECONDS}`);
  const audience = readTexts('audience', options.audience);
  const types = readTexts('types', options.types ?? ['at+jwt']);
  return {
    ...{ issuer, audience, realm: audience[0]!, jwksUrl, types, clockToleranceSeconds, ca },
    times: readTimes(options.times ?? {}),
  };
}

function readUrl(option: string, text: unknown): URL {
  if (typeof text !== 'string' || !URL.canParse(text)) throw new GuardOptionError(option, 'has to be a URL');
  const url = new URL(text);
  const hasMore = [url.username, url.password, url.search, url.hash].some((part) => part !== '');
  if (!/^https?:$/.test(url.protocol) || hasMore)
    throw new GuardOptionError(option, 'has to be a plain http or https URL');
  return url;
}

/** By what is written, never by what a name resolves to. */
const isLoopback = (hostname: string): boolean => /^(localhost|\[::1\]|127(\.\d{1,3}){3})$/.test(hostname);

/** One or more, each of what may stand in a header's quotes (RFC 6750 section 3): the first audience is told there. */
function readTexts(option: string, texts: string | readonly string[]): string[] {
  const list: unknown[] = typeof texts === 'string' ? [texts] : Array.isArray(texts) ? [...texts] : [];
  const isTellable = (text: unknown): text is string =>
    typeof text === 'string' && /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/.test(text);
  if (list.length === 0 || !list.every(isTellable))
    throw new GuardOptionError(
      option,
      'has to be one or more texts, of printable ASCII without quotes and backslashes',
    );
  return list;
}

const isWithinRange = (value: unknown, least: number, most: number): boolean =>
  typeof value === 'number' && value >= least && value <= most;

/** Node.js itself says nothing of a text that is none, and then finds every server untrusted. */
function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

function readTimes(given: Partial<Times>): Times {
  for (const [name, ms] of Object.entries(given)) {
    const longest = DEFAULT_TIMES[name as keyof Times] as number | undefined;
    if (longest === undefined || !isWithinRange(ms, 1, longest))
      throw new GuardOptionError(`times.${name}`, `has to be from 1 to ${longest ?? 'no such time'}`);
  }
  return { ...DEFAULT_TIMES, ...given };
}
