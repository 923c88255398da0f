import { knownHoles } from './bus-version';

const ALL = 'CVE-2025-30215 and later';
const LATER = 'later than CVE-2025-30215';

it.each([
  ['2.9.10', ALL],
  ['2.10.26', ALL],
  ['2.11.0', ALL],
  ['2.10.27', LATER],
  ['2.10.29', LATER],
  ['2.11.16', LATER],
  ['2.12.11', LATER],
  ['2.13.9', LATER],
  ['2.14.2', LATER],
  ['2.12.12', undefined],
  ['2.14.3', undefined],
  ['v2.14.4-RC.1', undefined],
  ['2.15.0', undefined],
  ['3.0.0', undefined],
  ['', ALL],
  ['devel', ALL],
])('S14: of %j it is known: %s', (version, holes) => {
  expect(knownHoles(version)?.holes).toBe(holes);
});
