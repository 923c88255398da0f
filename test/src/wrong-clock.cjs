'use strict';
// Loaded into a service by NODE_OPTIONS=--require: a real process whose wall clock is wrong by as many milliseconds as the
// file <folder>/<pid> says, which may change while it runs. The monotonic clock stays as it is, as on a real machine.
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const process = require('node:process');
const { setInterval } = require('node:timers');

const folder = process.env.TEST_WRONG_CLOCK;
const LOOK_EVERY_MS = 50;

if (folder) {
  const TrueDate = Date;
  let offMs = 0;
  const look = () => {
    try {
      offMs = Number(readFileSync(join(folder, String(process.pid)), 'utf8'));
    } catch {
      offMs = 0;
    }
  };
  look();
  setInterval(look, LOOK_EVERY_MS).unref();
  globalThis.Date = class Date extends TrueDate {
    constructor(...args) {
      if (args.length === 0) super(TrueDate.now() + offMs);
      else super(...args);
    }

    static now() {
      return TrueDate.now() + offMs;
    }
  };
}
