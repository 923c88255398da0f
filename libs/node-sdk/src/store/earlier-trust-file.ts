/** Trust files of before version 5: one JSON object, written anew at each change. Read, and written in the present form with the next one. */
import { createHash } from 'node:crypto';
import { asObject, parseObject, type JsonObject } from '../json-members';

const VERSION = 4;
/** Of before there were channels: the same without their rings. */
const WITHOUT_CHANNELS = 3;

/** What stands there, in today's members; undefined for anything but such a file. */
export function earlierState(bytes: Buffer): JsonObject | undefined {
  // Today's begins with a digit.
  if (bytes[0] !== '{'.charCodeAt(0)) return undefined;
  const file = parseObject(bytes.toString());
  const state = asObject(file?.['state']);
  if (state === undefined || file?.['checksum'] !== checksum(JSON.stringify(state))) return undefined;
  if (state['version'] === VERSION) return state;
  const isWithoutChannels = state['version'] === WITHOUT_CHANNELS && state['channel_rings'] === undefined;
  return isWithoutChannels ? { ...state, channel_rings: [] } : undefined;
}

const checksum = (text: string): string => createHash('sha256').update(text).digest('hex');
