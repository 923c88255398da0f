import { Problem, isKeyId, problem } from '@plexsphere/wire';

interface KeyNames {
  key_id: string;
  /** Of a key of another service alone. */
  jwk_kid?: string | null | undefined;
}

/** Here a key has one name, the one that tokens and key sets have for it (RFC 7517, section 4.5): its id, of ours. */
export const kidOf = ({ key_id, jwk_kid }: KeyNames): string => jwk_kid ?? key_id;

/** @throws Problem invariantViolation where no key of ours is called so */
export function requireKeyId(kid: string): string {
  if (!isKeyId(kid)) throw problem('invariantViolation', { field: 'kid' });
  return kid;
}

const WORDS: Readonly<Record<string, string>> = { key_id: 'kid', new_key_id: 'kid', old_key_id: 'retiring_kid' };

/** What rotation refuses, in the words in which it is answered here. */
export function inKids({ body }: Problem): Problem {
  const { code, detail, field, ...members } = body;
  const said = Object.fromEntries(Object.entries(members).map(([name, value]) => [WORDS[name] ?? name, value]));
  return new Problem({ ...said, code, detail, ...(field !== undefined && { field: field in WORDS ? 'kid' : field }) });
}
