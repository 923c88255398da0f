import { Refusal } from './refusal';

/** Where an issuer is served beside its own path. */
export interface IssuerPlace {
  readonly scope: string;
  /** Served at the root, too. */
  readonly isDefault: boolean;
  /** Whether what its tokens name is the root: then it must be the default one, for as long as it is there. */
  readonly isAtRoot: boolean;
}

/**
 * The place of a new issuer among those that are there. The first is the default one, and a later one takes that place
 * where it asks for it. Nobody loses a place that its tokens name.
 *
 * @throws Refusal in this order: `default_issuer_stays`, `invariant_violation`
 */
export function placeIssuer(
  present: readonly IssuerPlace[],
  asked: Omit<IssuerPlace, 'isDefault'> & { readonly asDefault: boolean },
): { isDefault: boolean; unseats: string | null } {
  const before = present.find(({ isDefault }) => isDefault);
  const isDefault = asked.asDefault || before === undefined;
  if (isDefault && before?.isAtRoot) throw new Refusal('default_issuer_stays', { scope: before.scope });
  if (asked.isAtRoot && !isDefault) {
    throw new Refusal('invariant_violation', { field: 'url', reason: 'an origin alone is for the default issuer' });
  }
  return { isDefault, unseats: isDefault ? (before?.scope ?? null) : null };
}
