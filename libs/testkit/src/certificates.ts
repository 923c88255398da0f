import { createPrivateKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';

/** PEM texts. */
export interface Certificates {
  /** What whoever trusts this server is given. */
  ca: string;
  cert: string;
  key: string;
}

/**
 * A certificate authority of its own and a server's certificate by it, for TLS in specs. X.509 (RFC 5280, section 4.1)
 * in the little DER that this takes, because Node writes none and not every machine has a tool that does.
 */
export function testCertificates(hosts: readonly string[]): Certificates {
  const [authority, server] = [newKey(), newKey()];
  const basicConstraints = sequence(
    oid('551d13'),
    der(0x01, Buffer.of(0xff)),
    octets(sequence(der(1, Buffer.of(255)))),
  );
  const alternativeNames = sequence(oid('551d11'), octets(sequence(...hosts.map(generalName))));
  return {
    ca: certificate('test authority', authority.publicKey, basicConstraints, authority.privateKey),
    cert: certificate('test server', server.publicKey, alternativeNames, authority.privateKey),
    key: server.privateKey,
  };
}

const newKey = () =>
  generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });

const DAY_MS = 86_400_000;

function certificate(subject: string, publicKey: Buffer, extension: Buffer, issuerKey: string): string {
  const now = Date.now();
  const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'));
  const toBeSigned = sequence(
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, Buffer.concat([Buffer.of(1), randomBytes(8)])),
    ecdsaWithSha256,
    name('test authority'),
    sequence(time(now - DAY_MS), time(now + DAY_MS)),
    name(subject),
    publicKey,
    der(0xa3, sequence(extension)),
  );
  const signature = sign('sha256', toBeSigned, createPrivateKey(issuerKey));
  const text = sequence(toBeSigned, ecdsaWithSha256, der(0x03, Buffer.concat([Buffer.of(0), signature])));
  const lines = text.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

/** Tag, length, content; a length beyond 127 says first in how many bytes it is written. */
function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.of(tag, ...head), content]);
}

const sequence = (...parts: Buffer[]): Buffer => der(0x30, Buffer.concat(parts));
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));
const octets = (content: Buffer): Buffer => der(0x04, content);
const time = (ms: number): Buffer =>
  der(
    0x17,
    Buffer.from(
      `${new Date(ms)
        .toISOString()
        .replace(/[-:T]|\.\d+/g, '')
        .slice(2)}`,
    ),
  );
const name = (text: string): Buffer => sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(text)))));
const generalName = (host: string): Buffer =>
  isIPv4(host) ? der(0x87, Buffer.from(host.split('.').map(Number))) : der(0x82, Buffer.from(host));
