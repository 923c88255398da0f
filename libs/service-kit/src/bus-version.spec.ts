import { knownHoles } from './bus-version';

const ALL = 'CVE-2025-30215 and later';
const LATER = 'later than CVE-2025-30215';

it.each([
  ['2.9.10', ALL],
  ['2.10.26', ALL],
  ['2.11.0', ALL],
  ['2.10.27', LATER],
  ['2.10.29', LATER],
  ['2.11.14', LATER],
  ['2.12.5', LATER],
  ['2.11.15', undefined],
  ['2.12.6', undefined],
  ['v2.12.7-RC.1', undefined],
  ['2.13.0', undefined],
  ['3.0.0', undefined],
  ['', ALL],
  ['devel', ALL],
])('S14: of %j it is known: %s', (version, holes) => {
  expect(knownHoles(version)?.holes).toBe(holes);
});
