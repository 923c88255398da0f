/** What chance hardly ever brings about: several rare things in a row, each where it hurts most. */
import {
  crossingWordsStory,
  holeStory,
  lateWordStory,
  lostInSocketStory,
  lostWordStory,
  restoreStory,
  staleNewsStory,
  unmarkedStory,
} from './rare-stories/losses';
import {
  behindStory,
  driftOfAnotherStory,
  eventBeforeRollbackStory,
  eventBehindStateStory,
  forgottenFormStory,
  newsInSocketStory,
  otherDriftStory,
  signedBeforeStory,
  stateUnderWayStory,
} from './rare-stories/states-and-news';
import {
  dueStageStory,
  keyGoesStory,
  lateStory,
  newProcessStory,
  promptStory,
  twinStory,
  worstPatienceStory,
} from './rare-stories/times-and-processes';
import type { Tale } from './tale';

export const RARE_STORIES: readonly [string, (tale: Tale) => void][] = [
  ['an event by a key that a state has taken from the Node', eventBehindStateStory],
  ['an event by a key that a rollback has taken back', eventBeforeRollbackStory],
  ['a state that was answered before a rotation', stateUnderWayStory],
  ['a gateway that is behind', behindStory],
  ['news that were signed before a state', signedBeforeStory],
  ['a message that is lost', holeStory],
  ['an event that is lost with its socket', lostInSocketStory],
  ['news that are old', staleNewsStory],
  ['a word that is late', lateWordStory],
  ['words that cross', crossingWordsStory],
  ['news in the socket, and a rollback', newsInSocketStory],
  ['a drift of something else', otherDriftStory],
  ['a drift of the process before', driftOfAnotherStory],
  ['gateways that have forgotten what they said', forgottenFormStory],
  ['streams that end at the worst moment', worstPatienceStory],
  ['a word that is lost', lostWordStory],
  ['nothing in the way', promptStory],
  ['a stage that is due', dueStageStory],
  ['a Node that comes late', lateStory],
  ['a key that goes', keyGoesStory],
  ['a relay that dies', unmarkedStory],
  ['a process that is new', newProcessStory],
  ['two that are one Node', twinStory],
  ['a database that is restored', restoreStory],
];
