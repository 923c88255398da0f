import { RefusedFor, Switch, Variable } from '@plexsphere/service-kit';
import { IsIn } from '@plexsphere/wire/validator';
import { isSide } from '@plexsphere/wire';
import { ENCODINGS, type Encoding } from './contents/encodings';
import { FORMATS, type FormatName } from './contents/formats';
import { isTarget, TARGET_FORM } from './targets/target-of';

const RING = /^([^-]+)-to-([^-]+)$/;

/** Undefined for anything but `<a>-to-<b>`. */
export function sidesOf(ring: string): { from: string; to: string } | undefined {
  const [, from, to] = RING.exec(ring) ?? [];
  return isSide(from) && isSide(to) && from !== to ? { from, to } : undefined;
}

const names = (table: object): string => Object.keys(table).join(' or ');

/** Of one ring: flags alone, from its --ring to the next. */
export class TargetSettings {
  @Variable('RING')
  @RefusedFor((ring) => (sidesOf(String(ring)) === undefined ? 'must be <side>-to-<side>' : undefined))
  ring: string;

  @Variable('TO')
  @RefusedFor((to) => (isTarget(String(to)) ? undefined : `must be ${TARGET_FORM}`))
  to: string;

  @Variable('FORMAT')
  @IsIn(Object.keys(FORMATS), { message: `must be ${names(FORMATS)}` })
  format: FormatName;

  @Variable('ENCODING', 'hex')
  @IsIn(Object.keys(ENCODINGS), { message: `must be ${names(ENCODINGS)}` })
  encoding: Encoding;

  @Variable('TAKE_OVER', 'false')
  @Switch()
  takeOver: boolean;
}
