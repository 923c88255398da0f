#!/usr/bin/env node
// Its modules in one text, and what V8 made of them when it was built (tools/build-program.mjs): a start without finding,
// reading and compiling some hundred files. V8 looks whether the code is its own; another version compiles the text.
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { Script } = require('node:vm');

const dist = join(module.path, '..', 'dist');
const filename = join(dist, 'program');
const bytes = readFileSync(filename);
const begin = bytes.indexOf('\n') + 1;
const end = begin + Number(bytes.latin1Slice(0, begin));
const script = new Script(bytes.latin1Slice(begin, end), { filename, cachedData: bytes.subarray(end) });
script.runInThisContext()(require, dist);
