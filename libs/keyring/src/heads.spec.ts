import { standingAt } from './heads';

/** A ring at epoch 9 with statements at 3, 6 and 8. */
it.each([
  // said, its head's epoch, the next one's → counts as, beyond, wrong
  [6, 6, 8, 6, false, false],
  [7, 6, 8, 7, false, false],
  [8, 6, 8, 7, false, true],
  [3, 6, 8, 6, false, true],
  [9, 8, null, 9, false, false],
  [10, 8, null, 9, true, true],
  [Number.MAX_SAFE_INTEGER, 3, 6, 5, true, true],
  [1, 8, null, 8, false, true],
  [6, null, null, 0, false, false],
  [Number.MAX_SAFE_INTEGER, null, null, 0, false, false],
])(
  '%d beside the head of epoch %p, before %p: counts as %d',
  (said, headEpoch, nextEpoch, epoch, isBeyond, isWrong) => {
    expect(standingAt({ epoch: said, headEpoch, nextEpoch }, 9)).toEqual({ epoch, isBeyond, isWrong });
  },
);
