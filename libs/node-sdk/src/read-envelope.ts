import { EnvelopeError, MAX_LINE_BYTES, parseEnvelope, type Envelope } from '@plexsphere/wire';

/** Undefined for what is none. Nobody sends a longer one than any Node reads, so its length is looked at first. */
export function readEnvelope(text: string): Envelope | undefined {
  if (text.length > MAX_LINE_BYTES) return undefined;
  try {
    return parseEnvelope(text);
  } catch (error) {
    if (error instanceof EnvelopeError) return undefined;
    throw error;
  }
}
