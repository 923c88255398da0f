/**
 * What is used of class-validator, from the very files that hold it. Its index loads every check that there is, the tables
 * of the world's telephone numbers among them: 300 modules, a sixth of what a service loads when it starts.
 */
export { Allow } from 'class-validator/cjs/decorator/common/Allow';
export { IsIn } from 'class-validator/cjs/decorator/common/IsIn';
export { IsOptional } from 'class-validator/cjs/decorator/common/IsOptional';
export { ValidateBy } from 'class-validator/cjs/decorator/common/ValidateBy';
export { ValidateIf } from 'class-validator/cjs/decorator/common/ValidateIf';
export { ArrayMaxSize } from 'class-validator/cjs/decorator/array/ArrayMaxSize';
export { ArrayMinSize } from 'class-validator/cjs/decorator/array/ArrayMinSize';
export { ArrayNotEmpty } from 'class-validator/cjs/decorator/array/ArrayNotEmpty';
export { ArrayUnique } from 'class-validator/cjs/decorator/array/ArrayUnique';
export { Max } from 'class-validator/cjs/decorator/number/Max';
export { Min } from 'class-validator/cjs/decorator/number/Min';
export { IsISO8601 } from 'class-validator/cjs/decorator/string/IsISO8601';
export { IsUUID } from 'class-validator/cjs/decorator/string/IsUUID';
export { Matches } from 'class-validator/cjs/decorator/string/Matches';
export { IsArray } from 'class-validator/cjs/decorator/typechecker/IsArray';
export { IsBoolean } from 'class-validator/cjs/decorator/typechecker/IsBoolean';
export { IsInt } from 'class-validator/cjs/decorator/typechecker/IsInt';
export { IsNumber } from 'class-validator/cjs/decorator/typechecker/IsNumber';
export { IsObject } from 'class-validator/cjs/decorator/typechecker/IsObject';
export { IsString } from 'class-validator/cjs/decorator/typechecker/IsString';
export { getMetadataStorage } from 'class-validator/cjs/metadata/MetadataStorage';
export { Validator } from 'class-validator/cjs/validation/Validator';
export type { ValidationError, ValidationOptions } from 'class-validator';
export { MaxLength } from './max-length';
