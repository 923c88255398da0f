import { journalLine } from '@plexsphere/disk';
import { FUZZ_TIMEOUT_MS, fuzz } from '@plexsphere/testkit';
import { readBundle } from '@plexsphere/wire/jws';
import { PlayedRing, playedMember } from '../testing/played-ring';
import { TestMesh } from '../testing/test-mesh';
import { trustFileBytes } from '../testing/trust-file-bytes';
import { takeChain } from './trust/chain';
import { parseEnrolment } from './enrolment/enrolment';
import { NodeSdkError } from './node-sdk-error';
import { parseTrustFile, progressText, stateText } from './store/trust-file';
import { takeKeys } from './member/take-keys';
import { answerOf } from './transport/report-answer';
import { trustAtEnrolment } from './trust/trust-state';

const NOW = new Date('2026-03-01T12:00:00Z');
let mesh: TestMesh;
beforeAll(async () => (mesh = await TestMesh.create(NOW)));

test(
  'an enrolment file',
  async () =>
    fuzz({
      samples: [await mesh.enrolment(NOW), await mesh.httpEnrolment(NOW, { bearer: 'not-to-be-told' })],
      parse: parseEnrolment,
      refuses: (error) => error instanceof NodeSdkError && !/credential |not-to-be-told/.test(error.message),
      accepted: (enrolment) => {
        expect(readBundle(enrolment.bundle).scope).toBe(enrolment.scope);
        const addresses = 'gateways' in enrolment ? enrolment.gateways : enrolment.servers;
        expect(addresses.length).toBeGreaterThan(0);
      },
    }),
  FUZZ_TIMEOUT_MS,
);

test(
  'a trust file: what was changed by anybody is not taken',
  async () => {
    const first = journalLine(stateText(trustAtEnrolment(mesh.nodeId, readBundle(await mesh.bundle(NOW)))));
    const second = journalLine(progressText(1, [[NOW.getTime(), ['event-1']]]), first.checksum);
    const third = journalLine(progressText(2, []), second.checksum);
    const texts = [first.text, first.text + second.text, first.text + second.text + third.text];
    const states = texts.map((text) => stateText(parseTrustFile(Buffer.from(text))!));
    await fuzz({
      samples: texts,
      parse: (text) => parseTrustFile(Buffer.from(text)),
      refuses: () => false,
      // Lines at its end that are gone were never there, as far as anybody can tell.
      accepted: (read, text) => {
        if (read === undefined) return;
        const at = states.indexOf(stateText(read));
        expect(text.startsWith(texts[at]!)).toBe(true);
      },
    });
  },
  FUZZ_TIMEOUT_MS,
);

test(
  'a trust file with secrets: the same',
  async () => {
    const ring = new PlayedRing('channel:chat:backend-to-plugin');
    const member = playedMember(mesh.nodeId, 'plugin');
    const names = { ...member, slug: 'chat', sealingPrivateKey: member.sealing.privateKey };
    ring.stage();
    ring.activate(new Date(NOW.getTime() + 3_600_000));
    const outcome = takeKeys([], JSON.stringify(ring.payload(member)), names, NOW);
    const rings = outcome.kind === 'taken' ? outcome.rings : [];
    const state = { ...trustAtEnrolment(mesh.nodeId, readBundle(await mesh.bundle(NOW))), rings };
    await fuzz({
      samples: [trustFileBytes(state).toString()],
      parse: (text) => parseTrustFile(Buffer.from(text)),
      refuses: () => false,
      accepted: (read) => {
        if (read === undefined) return;
        expect(stateText(read)).toBe(stateText(state));
        expect(read.rings[0]?.keys.map(({ secret }) => secret)).toEqual(ring.keys.map(({ secret }) => secret));
      },
    });
  },
  FUZZ_TIMEOUT_MS,
);

test(
  'what a member is told: all of it is taken, or nothing',
  async () => {
    const ring = new PlayedRing('channel:chat:backend-to-plugin');
    const member = playedMember(mesh.nodeId, 'plugin');
    const names = { ...member, slug: 'chat', sealingPrivateKey: member.sealing.privateKey };
    ring.stage();
    const secrets = ring.keys.map(({ secret }) => secret);
    await fuzz({
      samples: [JSON.stringify(ring.payload(member))],
      parse: (text) => takeKeys([], text, names, NOW),
      refuses: () => false,
      accepted: (outcome) => {
        if (outcome.kind !== 'taken') return;
        expect(outcome.ring).toMatchObject({ scope: ring.scope, epoch: ring.epoch });
        // The list of keys is the platform's word: whoever could change it could sign it.
        for (const { secret } of outcome.ring.keys) expect(secrets).toContainEqual(secret);
      },
    });
  },
  FUZZ_TIMEOUT_MS,
);

test(
  "rotation's answer to a report",
  () =>
    fuzz({
      samples: [
        JSON.stringify({ rings: [] }),
        JSON.stringify({
          rings: [{ scope: 'channel:a:b-to-c', epoch: 1, proven: ['k'], refused: [{ key_id: 'k', detail: 'd' }] }],
        }),
      ],
      parse: (text) => answerOf(text),
      refuses: () => false,
      accepted: (answer) => {
        expect(answer.kind).not.toBe('refused');
        if (answer.kind === 'answered') for (const { epoch } of answer.reply.rings) expect(epoch).toBeGreaterThan(0);
      },
    }),
  FUZZ_TIMEOUT_MS,
);

test(
  'a chain message: only what statements and bundle prove changes what a Node holds',
  async () => {
    const state = trustAtEnrolment(mesh.nodeId, readBundle(await mesh.bundle(NOW)));
    await mesh.platform.rotate('platform-2', NOW);
    await mesh.ring.rotate('key-2', NOW);
    const since = { epoch: 1, platformEpoch: 1 };
    const whole = await mesh.chain(NOW, since);
    const close = await mesh.chain(NOW, { epoch: 2, platformEpoch: 2 });
    const part = await mesh.chain(NOW, since, { bundle: undefined, more: true });
    const keyIds = (keys: { keyId: string }[]): string => keys.map(({ keyId }) => keyId).join();
    await fuzz({
      samples: [whole, close, part],
      parse: (text) => takeChain(state, text, NOW),
      refuses: () => false,
      accepted: (outcome) => {
        if (outcome.kind !== 'taken') return;
        // Each ring by itself: what is refused of the own one keeps nothing of the platform's back.
        expect(keyIds(outcome.state.ring.keys)).toBe(outcome.refused === undefined ? 'key-2,key-1' : 'key-1');
        expect(keyIds(outcome.state.platform.keys)).toBe('platform-2,platform-1');
        expect(outcome.state).toMatchObject({ position: 0, recoveryPublicKey: state.recoveryPublicKey });
      },
    });
  },
  FUZZ_TIMEOUT_MS,
);
