/** Told where something was revoked, and the bus does not have it yet. */
export const NOT_CUT_YET =
  'the bus does not refuse its credential yet, the services do; it will within seconds of being reached';
