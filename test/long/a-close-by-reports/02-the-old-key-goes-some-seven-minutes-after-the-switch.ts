import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { BOTH_FOR_MS } from '@plexsphere/keyring';
import { eventually } from '@plexsphere/testkit';
import type { CloseReply } from '@plexsphere/wire/commands';
import type { SharedSecret, Side } from '../../src/channel-service';
import type { Answer } from '../../src/operator-connection';
import type { Step } from '../../src/tell-story';

const SIDES: Side[] = ['app', 'plugin'];
/** Two reports of each receiver, which are a minute apart, and what is late on a busy machine. */
const REPORTED_WITHIN_MS = 180_000;
const LOOK_EVERY_MS = 1_000;
const WINDOW_S = 86_400;

/** And not before: by what members report alone, with nobody insisting, a day before it would go by itself. */
export const step: Step = async (world) => {
  const shared = world.kept.get('shared') as SharedSecret;
  const operator = await world.operator();
  const closesByReports = async (from: Side): Promise<void> => {
    const { old_key_id, new_key_id } = await shared.rotate(from);
    await shared.signsBy(from, new_key_id);
    const { activated_at } = await shared.ring(from);
    const signed = () => shared.of(from).map((member) => member.kids(member.sends));
    expect(signed()).toEqual([
      [new_key_id, old_key_id],
      [new_key_id, old_key_id],
    ]);

    const closing = { scope: shared.direction(from), old_key_id, new_key_id, request_id: randomUUID() };
    const refused: Answer['body'][] = [];
    const closed = await eventually(
      async () => {
        const { code, body } = await operator.ask('signing.close', closing);
        if (code === '') return body as unknown as CloseReply;
        refused.push(body);
        await delay(LOOK_EVERY_MS);
        return undefined;
      },
      { describe: `the close of ${from}`, timeoutMs: BOTH_FOR_MS + REPORTED_WITHIN_MS },
    );

    // Who had not switched yet, who signed by both, who had not reported since.
    const details = refused.map(({ detail }) => detail);
    expect([...new Set(details)].sort()).toEqual(['signing: nodes lagging', 'signing: old key in use']);
    const signsUntil = refused.map((body) => String(body['signs_until'] ?? '')).find((text) => text !== '') ?? '';
    const { closed_at, early_by_seconds, lagging } = closed;
    expect(Date.parse(closed_at)).toBeGreaterThan(Date.parse(signsUntil));
    expect(Date.parse(signsUntil) - Date.parse(String(activated_at))).toBeGreaterThanOrEqual(BOTH_FOR_MS);
    expect(early_by_seconds).toBeGreaterThan(WINDOW_S - (BOTH_FOR_MS + REPORTED_WITHIN_MS) / 1_000);
    expect(lagging).toEqual([]);
    expect(signed()).toEqual([[new_key_id], [new_key_id]]);
    await shared.holdNo(from, old_key_id);
  };
  await Promise.all(SIDES.map(closesByReports));

  shared.expectNoneRefused();
  const verified = await world.plexctl(['channel', 'verify', '--slug', shared.slug]);
  expect(verified).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('all is well') as string });
};
