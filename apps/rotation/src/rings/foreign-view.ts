import type { SigningKeyEntity } from '@plexsphere/store';
import type { KeyStatus } from '@plexsphere/wire/commands';

/** What is said of a key of another service beside what is said of any; nothing of ours. */
export const foreignView = ({
  foreignSignsUntil,
  jwkKid,
}: Pick<SigningKeyEntity, 'foreignSignsUntil' | 'jwkKid'>): Pick<KeyStatus, 'jwk_kid' | 'foreign_signs_until'> =>
  foreignSignsUntil === null
    ? {}
    : {
        jwk_kid: jwkKid,
        foreign_signs_until: foreignSignsUntil.toISOString(),
      };
