/** Where an unfinished chain goes on, as outbox.node_stream keeps it. */
import type { ChainPlace, ListPlace } from '@plexsphere/keyring';

interface ListRow {
  after_epoch: number;
  whole_from: number;
}

export interface ChainRow {
  /** null of a Node of `platform`, which has one ring. */
  own: ListRow | null;
  platform: ListRow;
}

export const chainRow = ({ own, platform }: ChainPlace): ChainRow => ({
  own: own && listRow(own),
  platform: listRow(platform),
});

export const chainPlace = ({ own, platform }: ChainRow): ChainPlace => ({
  own: own && listPlace(own),
  platform: listPlace(platform),
});

const listRow = ({ afterEpoch, wholeFrom }: ListPlace): ListRow => ({ after_epoch: afterEpoch, whole_from: wholeFrom });

const listPlace = ({ after_epoch: afterEpoch, whole_from: wholeFrom }: ListRow): ListPlace => ({
  afterEpoch,
  wholeFrom,
});
