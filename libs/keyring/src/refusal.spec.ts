import { invariantViolation, Refusal } from './refusal';

describe('Refusal', () => {
  it('carries a code, and the members that a reply may show', () => {
    const refusal = new Refusal('nodes_lagging', { lagging: ['node-1'] });
    expect(refusal).toBeInstanceOf(Error);
    expect(refusal).toMatchObject({ name: 'Refusal', code: 'nodes_lagging', members: { lagging: ['node-1'] } });
  });

  it('names the field of a broken invariant', () => {
    expect(invariantViolation('scope')).toMatchObject({ code: 'invariant_violation', members: { field: 'scope' } });
  });
});
