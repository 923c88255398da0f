import { stopReport } from './stop-report';

describe('N-11: what npm stop says', () => {
  it.each([
    [true, false, 'Stopped. The data stays for the next start; npm stop -- --erase deletes it.'],
    [true, true, 'Stopped. The data is erased, keys and all.'],
    [false, false, 'No stack of this clone is running.'],
    [false, true, 'No stack of this clone is running. The data is erased, keys and all.'],
  ])('where a stack was running: %s, and is to be erased: %s', (wasRunning, erased, said) => {
    expect(stopReport({ wasRunning, erased })).toBe(said);
  });
});
