import { MAX_SCOPE_LENGTH, isScope, type Scope } from '@plexsphere/wire';

const MEMBER = Buffer.from('"scope"');
/** RFC 8259, section 2: what may stand around the colon. So much of it is looked through. */
const VALUE = /^[ \t\n\r]*:[ \t\n\r]*"([^"\\]*)"/;
const LONGEST_VALUE = MAX_SCOPE_LENGTH + 16;

/**
 * The scope that the bytes of a request name, as their first member of that name has it, without parsing them. It only says
 * in which lane of its own asker a request waits: whoever spells it so that it is not found waits behind himself.
 */
export function scopeNamedIn(bytes: Uint8Array): Scope | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const at = text.indexOf(MEMBER);
  if (at < 0) return undefined;
  const from = at + MEMBER.length;
  const scope = VALUE.exec(text.toString('latin1', from, from + LONGEST_VALUE))?.[1];
  return isScope(scope) ? scope : undefined;
}
