'use strict';
// A Node's store as a process of its own, to be killed: events are applied and keys change as fast as the disk takes them,
// and what is saved is said. Needs what `npm run build` makes.
const process = require('node:process');
const { parseEnrolment } = require('../dist/enrolment/enrolment.js');
const { TrustStore } = require('../dist/store/trust-store.js');

/** Among so many events a key changes once. */
const KEYS_CHANGE_EVERY = 7;

(async () => {
  const store = await TrustStore.open(process.env.STORE, parseEnrolment(process.env.ENROLMENT));
  let state = store.opened;
  for (;;) {
    const position = state.position + 1;
    state.applied.add(`event-${position}`, new Date());
    state = { ...state, position };
    if (position % KEYS_CHANGE_EVERY === 0) state = { ...state, ring: { ...state.ring, epoch: state.ring.epoch + 1 } };
    await store.save(state);
    process.stdout.write(`${JSON.stringify({ position, epoch: state.ring.epoch })}\n`);
  }
})();
