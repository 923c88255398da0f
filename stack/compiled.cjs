'use strict';
// Loaded into a service before its own modules (--require). To find some 1,800 modules, and for V8 to make code of their
// text, takes a third of a start: the first to be told of a file in COMPILED keeps both there when it ends, and each later
// one takes them. The same texts run: code is taken for the very text that it was made of, and V8 itself refuses what
// another Node has made, or one with other flags. Where a module was found holds for as long as nothing is built or
// installed, so the file is to be no older than the run of tests that it is for.
const { Buffer } = require('node:buffer');
const { hash } = require('node:crypto');
const { existsSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const Module = require('node:module');
const { dirname } = require('node:path');
const process = require('node:process');
const { Script } = require('node:vm');

const file = process.env.COMPILED;
const keeps = !existsSync(file);
const { found, codes } = keeps ? { found: {}, codes: new Map() } : read();
const scripts = new Map();
/** What stands in code that was kept, import() does not know; and a first line for the shell is none of JavaScript. */
const LEFT_TO_NODE = /^#!|\bimport\s*\(/;
const { _compile: compileAsNodeDoes } = Module.prototype;
const { _resolveFilename: findAsNodeDoes } = Module;

Module.prototype._compile = function compile(text, filename, format) {
  const name = `${filename} ${hash('sha1', text)}`;
  const cachedData = codes.get(name);
  // What was not kept gains nothing from being compiled here.
  if (keeps ? format === 'module' || LEFT_TO_NODE.test(text) : cachedData === undefined) {
    return compileAsNodeDoes.call(this, text, filename, format);
  }
  const script = new Script(Module.wrap(text), { filename, cachedData });
  if (keeps) scripts.set(name, script);
  const run = script.runInThisContext();
  return run.call(this.exports, this.exports, requireOf(this), this, filename, dirname(filename));
};

Module._resolveFilename = function find(request, parent, isMain, options) {
  if (options !== undefined || !parent?.filename) return findAsNodeDoes(request, parent, isMain, options);
  return (found[`${parent.filename} ${request}`] ??= findAsNodeDoes(request, parent, isMain));
};

/** As Node makes one for each module. */
function requireOf(module) {
  const require = (id) => module.require(id);
  require.resolve = (request, options) => Module._resolveFilename(request, module, false, options);
  require.resolve.paths = (request) => Module._resolveLookupPaths(request, module);
  require.main = process.mainModule;
  require.extensions = Module._extensions;
  require.cache = Module._cache;
  return require;
}

if (keeps) process.on('exit', write);

// A line of JSON that tells how long each code is, and the codes.
function read() {
  const bytes = readFileSync(file);
  let end = bytes.indexOf('\n') + 1;
  const { found, lengths } = JSON.parse(bytes.toString('utf8', 0, end));
  return { found, codes: new Map(lengths.map(([name, length]) => [name, bytes.subarray(end, (end += length))])) };
}

function write() {
  const kept = [...scripts].map(([name, script]) => [name, script.createCachedData()]);
  const lengths = kept.map(([name, { length }]) => [name, length]);
  const draft = `${file}.${process.pid}`;
  const line = Buffer.from(`${JSON.stringify({ found, lengths })}\n`);
  writeFileSync(draft, Buffer.concat([line, ...kept.map(([, code]) => code)]));
  renameSync(draft, file);
}
