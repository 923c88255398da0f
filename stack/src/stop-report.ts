/** What `npm stop` has done to the processes and to the data: said when both are done, in one line. */
export function stopReport({ wasRunning, erased }: { wasRunning: boolean; erased: boolean }): string {
  const stopped = wasRunning ? 'Stopped.' : 'No stack of this clone is running.';
  if (erased) return `${stopped} The data is erased, keys and all.`;
  return wasRunning ? `${stopped} The data stays for the next start; npm stop -- --erase deletes it.` : stopped;
}
