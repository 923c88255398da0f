import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@plexsphere/stack';
import { parse } from 'yaml';
import { IssuerLife } from '../../src/issuer-life';
import type { Step } from '../../src/tell-story';

interface Alerts {
  groups: { rules: { alert: string; expr: string }[] }[];
}

/** Of an issuer: what the alert asks at a real gateway, before and after it has to go off. */
export const step: Step = async (world) => {
  const life = await IssuerLife.begin(world, 'left-open');
  const rotated = await life.rotate();
  const { groups } = parse(readFileSync(join(repositoryRoot, 'libs/jwt-guard/alerts.yml'), 'utf8')) as Alerts;
  const { expr = '' } =
    groups.flatMap(({ rules }) => rules).find(({ alert }) => alert === 'SigningKeyLeftRetiring') ?? {};
  const [, name = '', hours] = /^max by \(kind\) \((\w+)\) > (\d+) \* 3600$/.exec(expr) ?? [];
  const told = async (base: string) => {
    const text = await (await fetch(`${new URL(base).origin}/metrics`)).text();
    return Number(new RegExp(`^${name}\\{kind="issuer"\\} (.+)$`, 'm').exec(text)?.[1]);
  };
  const overdue = () => Promise.all(life.bases.map(async (base) => (await told(base)) > Number(hours) * 3_600));
  expect(await overdue()).toEqual([false, false]);
  await world.query(
    `UPDATE ring.signing_key SET state_since = state_since - interval '48 hours' WHERE scope = $1 AND state = 'retiring'`,
    [life.scope],
  );
  expect(await overdue()).toEqual([true, true]);
  await life.close(rotated, true);
  expect(await overdue()).toEqual([false, false]);
};
