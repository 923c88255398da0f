import { unfinishedStep } from './unfinished-step';

const at = new Date(0);

describe('unfinishedStep', () => {
  it.each([
    // outcome, switched, close switched, old key destroyed → step
    [null, null, null, null, 'finish_switch'],
    [null, at, null, null, undefined],
    ['closed', at, null, null, 'finish_close_switch'],
    ['closed', null, null, null, 'finish_close_switch'],
    ['closed', at, at, null, 'destroy_old_key'],
    ['closed', null, at, null, 'destroy_old_key'],
    ['closed', at, at, at, undefined],
    ['closed', at, null, at, 'finish_close_switch'],
    ['rolled_back', at, null, null, 'finish_close_switch'],
    ['rolled_back', at, at, null, undefined],
    ['revoked', null, null, null, 'finish_close_switch'],
    ['revoked', at, at, null, undefined],
  ] as const)('%s, switched %p, close switched %p, destroyed %p: %s', (outcome, switched, close, destroyed, step) => {
    const record = { outcome, switchedAt: switched, endSwitchedAt: close, oldKeyDestroyedAt: destroyed };
    expect(unfinishedStep(record)?.step).toBe(step);
  });

  it('gives the log a reason', () => {
    const record = { outcome: null, switchedAt: null, endSwitchedAt: null, oldKeyDestroyedAt: null };
    expect(unfinishedStep(record)?.reason).toBe('opened, switch not recorded');
  });
});
