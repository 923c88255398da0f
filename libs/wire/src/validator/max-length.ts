import { ValidateBy } from 'class-validator/cjs/decorator/common/ValidateBy';
import { maxLength } from 'class-validator/cjs/decorator/string/MaxLength';

/**
 * As class-validator's, which looks for surrogates in each text, to count a pair of them once. There are never more
 * characters than units, so that nothing has to be looked for where those are few enough.
 */
export const MaxLength = (most: number): PropertyDecorator =>
  ValidateBy({
    name: 'maxLength',
    constraints: [most],
    validator: {
      validate: (value: unknown) => typeof value === 'string' && (value.length <= most || maxLength(value, most)),
    },
  });
