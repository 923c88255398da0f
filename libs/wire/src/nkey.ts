/**
 * The text form of a NATS key: base32 of prefix, 32 raw bytes and CRC-16/XMODEM, little-endian (NATS nkeys). Here, and
 * not by `@nats-io/nkeys`, because that keeps its codec to itself and derives public halves in pure JS, 30 ms each.
 */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
/** An account's revocations are thousands of keys, all checked each time: by tables, a few microseconds each. */
const NO_LETTER = 255;
const INDEX_OF = new Uint8Array(128).fill(NO_LETTER);
for (let i = 0; i < ALPHABET.length; i++) INDEX_OF[ALPHABET.charCodeAt(i)] = i;

const CRC_OF = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff;
  return crc;
});

const SEED_PREFIX = 18 << 3;
const KIND_PREFIX = { operator: 14 << 3, account: 0, user: 20 << 3 } as const;

export type BusKeyKind = keyof typeof KIND_PREFIX;

export const encodeBusPublicKey = (kind: BusKeyKind, raw: Uint8Array): string =>
  encode(Buffer.concat([Buffer.of(KIND_PREFIX[kind]), raw]));

/** The 5 bits of the kind straddle two bytes, so that the second letter of every seed names it: SO, SA, SU. */
export function encodeBusSeed(kind: BusKeyKind, raw: Uint8Array): string {
  const prefix = KIND_PREFIX[kind];
  return encode(Buffer.concat([Buffer.of(SEED_PREFIX | (prefix >> 5), (prefix & 31) << 3), raw]));
}

/** The raw bytes; undefined for anything that is not a public key of that kind. */
export function decodeBusPublicKey(kind: BusKeyKind, text: string): Buffer | undefined {
  const bytes = decode(text);
  return bytes?.length === 33 && bytes[0] === KIND_PREFIX[kind] ? bytes.subarray(1) : undefined;
}

/** The raw bytes; undefined for anything that is not a seed of that kind. */
export function decodeBusSeed(kind: BusKeyKind, text: string): Buffer | undefined {
  const bytes = decode(text);
  if (bytes?.length !== 34) return undefined;
  const prefix = KIND_PREFIX[kind];
  const isKind = bytes[0] === (SEED_PREFIX | (prefix >> 5)) && bytes[1] === (prefix & 31) << 3;
  return isKind ? bytes.subarray(2) : undefined;
}

function encode(bytes: Buffer): string {
  const checked = Buffer.alloc(bytes.length + 2);
  bytes.copy(checked);
  checked.writeUInt16LE(checksum(bytes), bytes.length);
  let text = '';
  let value = 0;
  let bits = 0;
  for (const byte of checked) {
    value = ((value << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET[(value >> (bits - 5)) & 31];
  }
  return bits === 0 ? text : text + ALPHABET[(value << (5 - bits)) & 31];
}

function decode(text: string): Buffer | undefined {
  const bytes = Buffer.alloc((text.length * 5) >> 3);
  let [value, bits, length] = [0, 0, 0];
  for (let i = 0; i < text.length; i++) {
    const index = INDEX_OF[text.charCodeAt(i)] ?? NO_LETTER;
    if (index === NO_LETTER) return undefined;
    value = ((value << 5) | index) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes[length++] = (value >> bits) & 255;
  }
  if (length < 2) return undefined;
  const body = bytes.subarray(0, length - 2);
  return checksum(body) === bytes.readUInt16LE(length - 2) ? body : undefined;
}

function checksum(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) crc = ((crc << 8) & 0xffff) ^ (CRC_OF[(crc >> 8) ^ byte] ?? 0);
  return crc;
}
