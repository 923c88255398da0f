type Version = readonly [major: number, minor: number, patch: number];

/** A published way for one client to reach what is the server's own, such as its account purge. */
const CVE_2025_30215_FIXED: readonly Version[] = [
  [2, 10, 27],
  [2, 11, 1],
];

/**
 * The first of each line without a hole that was published up to June 2026 (advisories.nats.io); a line that is not named
 * here, and is older, has some.
 */
const WITHOUT_KNOWN_HOLES: readonly Version[] = [
  [2, 12, 12],
  [2, 14, 3],
];

/** Of a nats-server that should not carry a mesh in production: what is known of it; undefined of any other. */
export function knownHoles(text: string): { holes: string; fixed_in: string } | undefined {
  const version = parse(text);
  if (version !== undefined && isSince(version, WITHOUT_KNOWN_HOLES)) return undefined;
  const isFixed = version !== undefined && isSince(version, CVE_2025_30215_FIXED);
  return {
    holes: isFixed ? 'later than CVE-2025-30215' : 'CVE-2025-30215 and later',
    fixed_in: WITHOUT_KNOWN_HOLES.map((fixed) => fixed.join('.')).join(', '),
  };
}

function parse(text: string): Version | undefined {
  const [, major, minor, patch] = /^v?(\d{1,4})\.(\d{1,4})\.(\d{1,4})/.exec(text) ?? [];
  return patch === undefined ? undefined : [Number(major), Number(minor), Number(patch)];
}

/** Later lines than those that are named are taken to have what these have. */
function isSince(version: Version, fixed: readonly Version[]): boolean {
  const ofLine = fixed.find(([major, minor]) => major === version[0] && minor === version[1]);
  if (ofLine !== undefined) return version[2] >= ofLine[2];
  const last = fixed.at(-1) ?? version;
  return version[0] > last[0] || (version[0] === last[0] && version[1] > last[1]);
}
