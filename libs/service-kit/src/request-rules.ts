import { getMetadataStorage } from '@plexsphere/wire/validator';

const NO_BODY = {};

type Metadata = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[number];

/** What is asked of one member, put together once from the decorators of its class. */
interface Member {
  name: string;
  /** Whether it is looked at at all: IsOptional, ValidateIf. */
  conditions: ((body: object, value: unknown) => boolean)[];
  checks: ((body: object, value: unknown) => boolean)[];
}

/**
 * The members that `Class` knows, and the first of them in a body of it that its decorators refuse: the very checks that
 * class-validator would make, in its order, without the promises, error objects and messages that it makes on the way.
 */
export function rulesOf(Class: new () => object): {
  known: ReadonlySet<string>;
  offendingMember: (body: object) => string | undefined;
} {
  const members = membersOf(Class);
  return {
    known: new Set(members.map(({ name }) => name)),
    offendingMember: (body) => members.find((member) => isRefused(member, body))?.name,
  };
}

function isRefused({ name, conditions, checks }: Member, body: object): boolean {
  const value = (body as Record<string, unknown>)[name];
  for (const holds of conditions) if (!holds(body, value)) return false;
  for (const takes of checks) if (!takes(body, value)) return true;
  return false;
}

function membersOf(Class: new () => object): Member[] {
  const members = new Map<string, Member>();
  for (const metadata of getMetadataStorage().getTargetValidationMetadatas(Class, '', false, false)) {
    const { propertyName: name } = metadata;
    const member = members.get(name) ?? { name, conditions: [], checks: [] };
    members.set(name, member);
    addRule(member, metadata, Class.name);
  }
  return [...members.values()];
}

/** @throws Error for what no request has: it would be passed over here */
function addRule({ name, conditions, checks }: Member, metadata: Metadata, targetName: string): void {
  switch (metadata.type) {
    case 'whitelistValidation':
      return;
    case 'conditionalValidation':
      conditions.push(metadata.constraints[0] as Member['conditions'][number]);
      return;
    case 'customValidation': {
      if (metadata.validateIf !== undefined) break;
      const { constraints } = metadata;
      for (const { async, instance } of getMetadataStorage().getTargetValidatorConstraints(metadata.constraintCls)) {
        if (async) throw new Error(`${targetName}.${name} is checked by a promise`);
        // One for all bodies, of which it keeps nothing: no check looks at it any more when it has answered.
        const told = { targetName, property: name, object: NO_BODY, value: undefined as unknown, constraints };
        const takes = (object: object, value: unknown, item: unknown): boolean => {
          told.object = object;
          told.value = value;
          const answer = Boolean(instance.validate(item, told));
          told.object = NO_BODY;
          told.value = undefined;
          return answer;
        };
        checks.push(
          metadata.each
            ? (object, value) =>
                Array.isArray(value) ? value.every((item) => takes(object, value, item)) : takes(object, value, value)
            : (object, value) => takes(object, value, value),
        );
      }
      return;
    }
  }
  throw new Error(`${targetName}.${name} has a rule of an unknown kind: ${metadata.type}`);
}
