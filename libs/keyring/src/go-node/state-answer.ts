import { announcedKeys } from '../key-news';
import type { VerifyingKey } from '../trusted-keys';

/**
 * How a state says its keys. A Node compares a state with the one before it and not with the keys that it holds: one that
 * is equal sets none. So a Node whose stream waits is given them in two forms by turns; left out they set none.
 */
export type StateForm = 'plain' | 'marked' | 'left_out';

/** `previous` beside one key is that key itself, with an end that is past: it trusts what it trusted. */
interface StateKeys<K> {
  readonly current: K;
  readonly previous: K | null;
  readonly expires: Date | null;
}

/** The form of the next state for a Node; `before`: of the last one that was begun for it, where that is known. */
export function nextForm(waits: boolean, trusted: number, before: StateForm | undefined): StateForm {
  if (!waits || before !== 'plain') return 'plain';
  return trusted === 1 ? 'marked' : 'left_out';
}

/**
 * What stands in a state of that form; null: nothing about keys. A key whose end has come is not named, nor one that is
 * staged yet, with nobody there to take it back: it would stand there alone, and the key that signs would not.
 */
export function stateKeys<K extends VerifyingKey>(keys: readonly K[], form: StateForm, now: Date): StateKeys<K> | null {
  if (form === 'left_out') return null;
  const announced = announcedKeys(keys.filter(({ verifiesUntil }) => verifiesUntil === null || now < verifiesUntil));
  const { current, previous } = announced;
  if (previous !== null || form === 'plain') return announced;
  return { current, previous: current, expires: new Date(0) };
}
