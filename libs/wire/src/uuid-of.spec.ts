import { uuidOf } from './uuid-of';
import { isUuid } from './names';

describe('uuidOf', () => {
  it('RFC 9562, appendix A.4', () => {
    expect(uuidOf('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'www.example.com')).toBe(
      '2ed6657d-e927-568b-95e1-2665a8aea6a2',
    );
  });

  it('tells texts and namespaces apart, and is a UUID as requests have them', () => {
    const [one, other] = ['6ba7b810-9dad-11d1-80b4-00c04fd430c8', '6ba7b811-9dad-11d1-80b4-00c04fd430c8'];
    const ids = [uuidOf(one, 'a'), uuidOf(one, 'b'), uuidOf(other, 'a')];
    expect(new Set(ids).size).toBe(3);
    expect(ids.every((id) => isUuid(id))).toBe(true);
  });
});
