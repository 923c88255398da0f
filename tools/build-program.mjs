// Builds a program that people start by hand, and wait for: beside dist/*.js, which tests and generators load, dist/program
// has all of its modules in one file, and what V8 makes of them. To find, read and compile hundreds of files takes longer
// than all that such a program does then.
import './build.mjs';
import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { minifySync } from '@swc/core';

const home = process.cwd();
const entry = join(home, 'dist', 'main.js');
const requireAsEntry = createRequire(entry);

/** Of packages these alone, which it needs at nearly every start; any other is loaded from where it is when it is asked for. */
const PACKED = /^(?:\.|@plexsphere\/|nats(?:$|\/)|nkeys\.js$|tweetnacl$)/;

/** file → its place in the program; the entry is the first. */
const places = new Map();
const modules = [];
place(entry);

function place(file) {
  const known = places.get(file);
  if (known !== undefined) return known;
  places.set(file, modules.length);
  const module = { folder: relative(join(home, 'dist'), dirname(file)), imports: {} };
  modules.push(module);
  module.text = readFileSync(file, 'utf8').replace(/^\/\/# sourceMappingURL=.*$/m, '');
  if (/\bimport\s*\(/.test(module.text)) throw new Error(`${file}: import() is not known in a program`);
  const requireHere = createRequire(file);
  for (const [, name] of module.text.matchAll(/\brequire\(["']([^"']+)["']\)/g)) {
    if (isBuiltin(name)) continue;
    if (PACKED.test(name)) module.imports[name] = place(requireHere.resolve(name));
    else if (requireHere.resolve(name) !== requireAsEntry.resolve(name)) throw new Error(`${file}: another ${name}`);
  }
  return places.get(file);
}

// Names stay; in letters of one byte it takes no decoding; a module a line, so that no trace of a fault shows all of it.
const format = { comments: false, asciiOnly: true };
const asFunction = ({ folder, imports, text }) => {
  const whole = `[${JSON.stringify(folder)}, ${JSON.stringify(imports)}, function (exports, require, module, __dirname) {${text}\n}]`;
  return minifySync(whole, { compress: false, mangle: false, ecma: 2022, format }).code.replace(/;$/, '');
};

// As Node does it: whoever is asked for by a module that it asks for itself has exported what there is by then.
const text = `(function (requireAsEntry, entryFolder) {
const modules = [
${modules.map(asFunction).join(',\n')}
];
const loaded = [];
function load(place) {
  if (loaded[place] !== undefined) return loaded[place].exports;
  const module = (loaded[place] = { exports: {} });
  const [folder, imports, run] = modules[place];
  const require = (name) => (Object.hasOwn(imports, name) ? load(imports[name]) : requireAsEntry(name));
  run.call(module.exports, module.exports, require, module, entryFolder + '/' + folder);
  return module.exports;
}
load(0);
})`;

// One file, so that code never meets another text than the one that it was made of: V8 itself compares their lengths alone.
const program = join(home, 'dist', 'program');
const draft = `${program}.${process.pid}`;
try {
  writeFileSync(draft, `${text.length}\n${text}`, 'latin1');
  execFileSync(process.execPath, [join(import.meta.dirname, 'keep-code.mjs'), draft, entry], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  renameSync(draft, program);
} finally {
  rmSync(draft, { force: true });
}
