/** Whole seconds from one time to a later one; negative where it is the earlier. */
export const secondsBetween = (from: Date, to: Date): number => Math.floor((to.getTime() - from.getTime()) / 1_000);
