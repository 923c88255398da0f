/** A trust file with all of a state, as a store leaves it. For specs only. */
import { journalLine } from '@plexsphere/disk';
import { stateText } from '../src/store/trust-file';
import type { TrustState } from '../src/trust/trust-state';

export const trustFileBytes = (state: TrustState): Buffer => Buffer.from(journalLine(stateText(state)).text);
