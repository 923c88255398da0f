import { command, type Invocation } from '../../command';
import type { Result } from '../../render';
import { inEachDirection, isBoth } from '../channel/each-direction';
import { policyResult } from './policy-layout';
import { requireTarget, TARGET_FLAGS, targetOf } from './policy-flags';

export const showPolicy = command({
  path: ['policy', 'show'],
  about: `Shows by what the keys of a scope, or of all scopes of a kind, are made, rotated and closed, and whence each
    part comes: from a decision for the scope, from one for its kind, or from the settings of the service. Of a kind it
    names the rings that do not go by it, and what forbids it there. channel:<slug> shows both directions, as JSON and YAML
    an array.`,
  flags: TARGET_FLAGS,
  examples: ['plexctl policy show --scope platform', 'plexctl policy show --kind domain --output json'],
  asks: 'bus',
  check: requireTarget,

  async run(invocation) {
    return isBoth(invocation.flags.scope) ? inEachDirection(invocation, TARGET_FLAGS, showOne) : showOne(invocation);
  },
});

const showOne = async ({ flags, bus }: Pick<Invocation<typeof TARGET_FLAGS>, 'flags' | 'bus'>): Promise<Result> =>
  policyResult(await bus.ask('policy.show', targetOf(flags)));
