import fc from 'fast-check';
import { placeIssuer, type IssuerPlace } from './issuer';
import { Refusal } from './refusal';

const web = { scope: 'issuer:web', isAtRoot: false, asDefault: false };
const atRoot = { ...web, isAtRoot: true };
const AT_ROOT = { field: 'url', reason: expect.stringContaining('default') as string };
const placed = (isDefault: boolean, isAtRoot: boolean): IssuerPlace => ({ scope: 'issuer:a', isDefault, isAtRoot });

it('the first is the default one, whatever its path', () => {
  expect(placeIssuer([], web)).toEqual({ isDefault: true, unseats: null });
  expect(placeIssuer([], atRoot)).toEqual({ isDefault: true, unseats: null });
});

it('another is not, unless it asks for the place and that is free to be taken', () => {
  expect(placeIssuer([placed(true, false)], web)).toEqual({ isDefault: false, unseats: null });
  expect(placeIssuer([placed(true, false)], { ...atRoot, asDefault: true })).toEqual({
    isDefault: true,
    unseats: 'issuer:a',
  });
});

it.each([
  ['a second at the root', [placed(true, true)], atRoot, 'invariant_violation', AT_ROOT],
  ['one at the root beside a default one elsewhere', [placed(true, false)], atRoot, 'invariant_violation', AT_ROOT],
  [
    'one in the place of the one at the root',
    [placed(true, true)],
    { ...web, asDefault: true },
    'default_issuer_stays',
    { scope: 'issuer:a' },
  ],
])('refuses %s', (_, present, asked, code, members) => {
  expect(() => placeIssuer(present, asked)).toThrow(expect.objectContaining({ code, members }) as Error);
});

it('however they come, one is the default, and whoever is at the root is that one', () => {
  const asked = fc.record({ isAtRoot: fc.boolean(), asDefault: fc.boolean() });
  fc.assert(
    fc.property(fc.array(asked, { maxLength: 12 }), (all) => {
      let present: IssuerPlace[] = [];
      for (const [index, each] of all.entries()) {
        const scope = `issuer:i${index}`;
        try {
          const { isDefault, unseats } = placeIssuer(present, { scope, ...each });
          present = present.map((one) => (one.scope === unseats ? { ...one, isDefault: false } : one));
          present.push({ scope, isDefault, isAtRoot: each.isAtRoot });
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
        }
        expect(present.filter(({ isDefault }) => isDefault)).toHaveLength(1);
        expect(present.filter(({ isDefault, isAtRoot }) => isAtRoot && !isDefault)).toEqual([]);
      }
    }),
    { seed: 7 },
  );
});
