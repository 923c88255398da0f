import { standingAt } from './heads';

/** A ring at epoch 9 with statements at 3, 6 and 8. */
it.each([
  // said, its head's epoch, the next one's → counts as, beyond
  [6, 6, 8, 6, false],
  [7, 6, 8, 7, false],
  [8, 6, 8, 7, false],
  [3, 6, 8, 6, false],
  [9, 8, null, 9, false],
  [10, 8, null, 9, true],
  [Number.MAX_SAFE_INTEGER, 3, 6, 5, true],
  [1, 8, null, 8, false],
  [6, null, null, 0, false],
  [Number.MAX_SAFE_INTEGER, null, null, 0, true],
])('%d beside the head of epoch %p, before %p: counts as %d', (epoch, headEpoch, nextEpoch, counted, isBeyond) => {
  expect(standingAt({ epoch, headEpoch, nextEpoch }, 9)).toEqual({ epoch: counted, isBeyond });
});
