import { areFleetTargets, isTag, isUuid, type FleetTarget } from '@plexsphere/wire';

const WRITTEN: readonly [RegExp, (list: string[]) => FleetTarget][] = [
  [/^tags=AnyOf\((.*)\)$/, (tags) => ({ any_tags: tags })],
  [/^tags\.any=(.*)$/, (tags) => ({ any_tags: tags })],
  [/^tags=AllOf\((.*)\)$/, (tags) => ({ all_tags: tags })],
  [/^tags\.all=(.*)$/, (tags) => ({ all_tags: tags })],
  [/^id=(.*)$/, (ids) => ({ ids })],
];

/** As it is written behind `--target`; undefined for what is none. */
export function targetOf(text: string): FleetTarget | undefined {
  if (text === 'all') return { all: true };
  for (const [form, target] of WRITTEN) {
    const list = form.exec(text)?.[1];
    if (list !== undefined) return one(target(list.split(',').map((item) => item.trim())));
  }
  return one({ scope: text });
}

const one = (target: FleetTarget): FleetTarget | undefined => (areFleetTargets([target]) ? target : undefined);

/** As it is shown: in the form that no shell takes for its own. */
export function writtenTarget(target: FleetTarget): string {
  if ('any_tags' in target) return `tags.any=${target.any_tags.join(',')}`;
  if ('all_tags' in target) return `tags.all=${target.all_tags.join(',')}`;
  if ('scope' in target) return target.scope;
  return 'ids' in target ? `id=${target.ids.join(',')}` : 'all';
}

export const TARGET_FLAG = {
  value: 'target',
  summary: 'all, tags.any=a,b, tags.all=a,b, domain:<uuid>, platform or id=<node-id>; each narrows it down',
  member: 'targets',
  repeatable: true,
  accepts: (text: string): boolean => targetOf(text) !== undefined,
  expected: "all, tags.any=a,b (or 'tags=AnyOf(a,b)'), tags.all=a,b, domain:<uuid>, platform, or id=<node-id>,…",
  instead: (text: string): string | undefined =>
    isUuid(text) ? `id=${text} names a Node, domain:${text} a Domain` : isTag(text) ? `tags.any=${text}` : undefined,
} as const;

export const targetsOf = (texts: readonly string[]): FleetTarget[] =>
  texts.flatMap((text) => {
    const target = targetOf(text);
    return target === undefined ? [] : [target];
  });
