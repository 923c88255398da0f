'use strict';
// Loaded into a process by --require: counts whatever it does to files below a folder, and to other machines, in the order of
// doing; and before the n-th of these kills itself, or from the n-th on finds the disk full, or read-only.
const { Buffer } = require('node:buffer');
const net = require('node:net');
const fs = require('node:fs');
const promises = require('node:fs/promises');
const path = require('node:path');
const process = require('node:process');

const { EDGE_FOLDER, EDGE_LOG, EDGE_KILL_AT, EDGE_TORN, EDGE_FAIL_FROM, EDGE_FAILURE } = process.env;
const killAt = Number(EDGE_KILL_AT ?? Infinity);
const failFrom = Number(EDGE_FAIL_FROM ?? Infinity);
const real = { ...promises };
let count = 0;

/** What a power cut undoes: each of these puts back what was there before. */
const unsynced = new Map();

const nameOf = (file) => path.relative(EDGE_FOLDER, String(file)).replace(/[\d:T.-]{20,}Z/, 'TIME') || '.';
const isOurs = (file) => !path.relative(EDGE_FOLDER, String(file)).startsWith('..');

function step(label) {
  fs.appendFileSync(EDGE_LOG, `${label}\n`);
  if (count++ !== killAt) return;
  if (EDGE_TORN) for (const undo of [...unsynced.values()].reverse()) undo();
  process.kill(process.pid, 'SIGKILL');
}

function refuse(isRefusedByFull) {
  if (count - 1 < failFrom || (EDGE_FAILURE === 'ENOSPC' && !isRefusedByFull)) return;
  throw Object.assign(new Error(EDGE_FAILURE), { code: EDGE_FAILURE });
}

const textOf = (file) => {
  try {
    return fs.readFileSync(file);
  } catch {
    return undefined;
  }
};
const putBack = (file, text) =>
  text === undefined ? fs.rmSync(file, { force: true }) : fs.writeFileSync(file, text, { mode: 0o600 });

/** What was never synced may be half there, whatever its name is by now. */
function tear(file) {
  if (fs.existsSync(file)) fs.truncateSync(file, Math.floor(fs.statSync(file).size / 2));
}

promises.open = async (file, flags, mode) => {
  if (!isOurs(file)) return real.open(file, flags, mode);
  const isWriting = flags !== 'r';
  if (isWriting) {
    step(`open ${nameOf(file)}`);
    refuse(flags !== 'r+');
  }
  const handle = await real.open(file, flags, mode);
  const wrap = (name, label, before) => {
    const method = handle[name].bind(handle);
    handle[name] = async (...args) => {
      step(`${label} ${nameOf(file)}`);
      before(...args);
      return method(...args);
    };
  };
  const torn = () => unsynced.set(String(file), () => tear(String(file)));
  if (isWriting) {
    const room = () => fs.statSync(file).size;
    wrap('writeFile', 'write', (text) => (refuse(Buffer.byteLength(text) > room()), torn()));
    wrap('truncate', 'truncate', () => refuse(false));
  }
  wrap('sync', 'sync', () => {
    if (isWriting) return unsynced.delete(String(file));
    // A folder's sync keeps names, not what stands behind them.
    for (const key of [...unsynced.keys()])
      if (/^(to|rm) /.test(key) && path.dirname(key.replace(/^\w+ /, '')) === String(file)) unsynced.delete(key);
  });
  return handle;
};

promises.rename = async (from, to) => {
  if (isOurs(to)) {
    step(`rename ${nameOf(to)}`);
    refuse(false);
    const [draft, before] = [textOf(from), textOf(to)];
    const isTorn = unsynced.delete(String(from));
    unsynced.set(`to ${to}`, () => (putBack(from, draft), putBack(to, before)));
    if (isTorn) unsynced.set(String(to), () => tear(String(to)));
  }
  return real.rename(from, to);
};

promises.rm = async (file, options) => {
  if (isOurs(file) && fs.existsSync(file)) {
    step(`rm ${nameOf(file)}`);
    refuse(false);
    const before = textOf(file);
    unsynced.set(`rm ${file}`, () => putBack(file, before));
  }
  return real.rm(file, options);
};

const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...args) {
  const options = Array.isArray(args[0]) ? args[0][0] : args[0];
  if (typeof options === 'object' && options.port !== undefined)
    step(`connect ${String(options.port) === process.env.EDGE_BUS_PORT ? 'bus' : 'gateway'}`);
  return connect.apply(this, args);
};
