/** An option is missing or is not what it has to be, at the start: `option` names it. */
export class GuardOptionError extends Error {
  override readonly name = 'GuardOptionError';

  constructor(
    readonly option: string,
    why: string,
  ) {
    super(`${option} ${why}`);
  }
}
