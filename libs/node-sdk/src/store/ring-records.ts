/** What a channel's member holds, as it stands in the trust file: secrets in base64. Reading is strict, as of all of the file. */
import { channelDirection, isKeyId, type Scope } from '@plexsphere/wire';
import { asObject, isCount, isEpoch, isTime, type JsonObject } from '../json-members';
import type { HeldKey, HeldRing } from '../member/held-ring';

export const ringRecords = (rings: readonly HeldRing[]) =>
  rings.map(({ scope, epoch, keys, signsSince }) => ({
    ...{ scope, epoch },
    signs_since: textOf(signsSince),
    keys: keys.map(({ keyId, secret, use, active, besideSeconds, verifiesUntil }) => ({
      ...{ key_id: keyId, use, active },
      beside_seconds: besideSeconds,
      verifies_until: textOf(verifiesUntil),
      secret: secret.toString('base64'),
    })),
  }));

/** Undefined for anything but what `ringRecords` made. */
export function ringsOf(value: unknown): HeldRing[] | undefined {
  const rings = allOf(value, ringOf);
  const isOnce = new Set(rings?.map(({ scope }) => scope)).size === rings?.length;
  return isOnce ? rings : undefined;
}

function ringOf({ scope, epoch, signs_since, keys: records }: JsonObject): HeldRing | undefined {
  const keys = allOf(records, keyOf);
  const signsSince = timeOf(signs_since);
  if (channelDirection(scope) === undefined || !isEpoch(epoch)) return undefined;
  if (keys === undefined || signsSince === undefined) return undefined;
  return { scope: scope as Scope, epoch, keys, signsSince };
}

function keyOf({ key_id: keyId, use, active, ...others }: JsonObject): HeldKey | undefined {
  const { beside_seconds: besideSeconds, verifies_until, secret: text } = others;
  const verifiesUntil = timeOf(verifies_until);
  const secret = bytesOf(text);
  if (!isKeyId(keyId) || (use !== 'sign' && use !== 'verify') || typeof active !== 'boolean') return undefined;
  if (besideSeconds !== null && !isCount(besideSeconds)) return undefined;
  if (verifiesUntil === undefined || secret === undefined) return undefined;
  return { keyId, secret, use, active, besideSeconds, verifiesUntil };
}

function allOf<T>(value: unknown, read: (record: JsonObject) => T | undefined): T[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const items = value.map((each: unknown) => {
    const record = asObject(each);
    return record && read(record);
  });
  const whole = items.filter((item) => item !== undefined);
  return whole.length === items.length ? whole : undefined;
}

const textOf = (time: Date | null): string | null => time && time.toISOString();

/** null is a time, too: none. */
function timeOf(value: unknown): Date | null | undefined {
  if (value === null) return null;
  return isTime(value) ? new Date(value) : undefined;
}

function bytesOf(text: unknown): Buffer | undefined {
  if (typeof text !== 'string') return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}
