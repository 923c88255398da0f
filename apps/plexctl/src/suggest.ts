/**
 * The candidate that was probably meant: at most two slips away, and fewer than half of what was written; or the one that
 * another command calls by a word more or less, as `--node` and `--node-id`.
 */
export function nearest(written: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates
    .map((candidate) => ({ candidate, slips: distance(written, candidate) }))
    .sort((a, b) => a.slips - b.slips);
  const best = ranked[0];
  if (best !== undefined && best.slips <= 2 && best.slips * 2 < written.length) return best.candidate;
  return candidates.find(
    (each) => written.startsWith(`${each}-`) || (written !== '' && each.startsWith(`${written}-`)),
  );
}

/** Levenshtein. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i += 1) {
    const above = row;
    row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (above[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
  }
  return row[b.length] ?? 0;
}
