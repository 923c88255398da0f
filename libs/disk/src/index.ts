/**
 * Files that are whole after any crash, and folders that one process has at a time. For whoever keeps secrets or standing on
 * a disk of their own; knows nothing of what they keep.
 */
export { syncFolder, writeAtomically } from './atomic-file';
export { Journal } from './journal';
export { journalLine, readJournal } from './journal-text';
export { acquireLock } from './lock';
