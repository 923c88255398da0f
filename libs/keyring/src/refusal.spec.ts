import { invariantViolation, Refusal } from './refusal';

describe('Refusal', () => {
  it('carries a code, and the members that a reply may show', () => {
    const refusal = new Refusal('key_id_in_use', { newKeyId: 'k1' });
    expect(refusal).toBeInstanceOf(Error);
    expect(refusal).toMatchObject({ name: 'Refusal', code: 'key_id_in_use', members: { newKeyId: 'k1' } });
  });

  it('names the field of a broken invariant', () => {
    expect(invariantViolation('scope')).toMatchObject({ code: 'invariant_violation', members: { field: 'scope' } });
  });
});
