// Builds a lib that people install: its dist is whole without this repository. What it uses of the other libs stands
// below their names, and each import of theirs has become one of the very file that declares the name; so an entry of
// theirs brings nothing that is not used, and whoever follows a stack trace finds the file that was written. CommonJS,
// which both kinds of project load, and declarations of what the lib's own entries name.
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { swcOptions } from './swc-options.mjs';
import { transformSync } from '@swc/core';
import ts from 'typescript';

const root = resolve(import.meta.dirname, '..');
const home = process.cwd();
const dist = join(home, 'dist');
const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

const { config } = ts.readConfigFile(join(root, 'tsconfig.base.json'), ts.sys.readFile);
const options = {
  ...ts.parseJsonConfigFileContent({ ...config, files: [] }, ts.sys, root).options,
  ...{ types: [], noEmit: false, declaration: true },
};
// Types were checked by `npm run typecheck`; this one answers where a name is declared, and what its declaration is. So
// packages are not looked into; and the other libs, which are found as packages, are taken for sources all the same.
const cache = ts.createModuleResolutionCache(root, (name) => name, options);
const resolveOurs = (module, file) => {
  if (!/^(\.|@plexsphere\/)/.test(module)) return undefined;
  return {
    ...ts.resolveModuleName(module, file, options, ts.sys, cache).resolvedModule,
    isExternalLibraryImport: false,
  };
};
const host = {
  ...ts.createCompilerHost(options),
  resolveModuleNameLiterals: (names, file) => names.map(({ text }) => ({ resolvedModule: resolveOurs(text, file) })),
};
const manifest = readJson(join(home, 'package.json'));
// Its entries, as places in dist: what package.json exports of it.
const entries = Object.values(manifest.exports).flatMap(
  ({ types = '' }) => /^\.\/dist\/(.+)\.d\.ts$/.exec(types)?.[1] ?? [],
);
const program = ts.createProgram(entries.map(sourceOf), options, host);
const checker = program.getTypeChecker();

const files = new Map([...reached('.js', compiled), ...reached('.d.ts', declared)]);
// What is about to be shipped; while others change a lib, this repository builds all the same.
if (process.env.npm_lifecycle_event === 'prepack') checkDependencies();
write();

/** What is loaded, or named, when an entry is: path in dist → text. */
function reached(suffix, textOf) {
  const texts = new Map();
  const reach = (place) => {
    if (texts.has(place + suffix)) return;
    const text = textOf(sourceOf(place), place);
    texts.set(place + suffix, text);
    for (const name of importsOf(text)) if (name.startsWith('.')) reach(join(dirname(place), name));
  };
  entries.forEach(reach);
  return texts;
}

function compiled(file, place) {
  return transformSync(withOwnImports(readFileSync(file, 'utf8'), place), { ...swcOptions, filename: file }).code;
}

function declared(file, place) {
  let text;
  const take = (_, written) => (text = written);
  const { diagnostics } = program.emit(program.getSourceFile(file), take, undefined, true);
  if (diagnostics.length > 0) throw new Error(ts.flattenDiagnosticMessageText(diagnostics[0].messageText, '\n'));
  return withOwnImports(text, place);
}

/** The lib's own files stand at the top, those of another below its name. */
function sourceOf(place) {
  const own = join(home, 'src', `${place}.ts`);
  const [lib, ...path] = place.split('/');
  return existsSync(own) ? own : join(root, 'libs', lib, 'src', `${path.join('/')}.ts`);
}

function placeOf(file) {
  const [lib, , ...path] = relative(join(root, 'libs'), file).replace(/\.ts$/, '').split('/');
  return join(lib === basename(home) ? '' : lib, ...path);
}

/** The text, importing names of other libs from the files that declare them. */
function withOwnImports(text, place) {
  const own = text.replace(/^(import|export)( type)? \{([^}]*)\} from '(@plexsphere\/[^']+)';/gm, (...match) => {
    const [, keyword, type = '', names, module] = match;
    const byFile = new Map();
    for (const name of names.split(',').map((each) => each.trim())) {
      if (name === '') continue;
      const [, exported] = /^(?:type )?(\w+)/.exec(name);
      const path = relative(dirname(place), placeOf(declaringFile(module, exported)));
      byFile.set(path, [...(byFile.get(path) ?? []), name]);
    }
    const from = (path) => (path.startsWith('.') ? path : `./${path}`);
    return [...byFile].map(([path, of]) => `${keyword}${type} { ${of.join(', ')} } from '${from(path)}';`).join('\n');
  });
  if (/['"]@plexsphere\//.test(own)) throw new Error(`${place}: of another lib, only names can be imported`);
  return own;
}

function declaringFile(module, name) {
  const { resolvedFileName } = resolveOurs(module, join(home, 'src', 'index.ts'));
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(resolvedFileName)));
  const symbol = exported.find((each) => each.name === name);
  const original = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  return original.declarations[0].getSourceFile().fileName;
}

function importsOf(text) {
  return [...text.matchAll(/(?:\brequire\(|\bfrom |\bimport\()["']([^"']+)["']/g)].map(([, name]) => name);
}

/**
 * Exactly what is imported is a dependency, from the version on that is tested here. What a user of one entry has already,
 * since that entry is for it, is a peer: none has to be there, and beside the version that is tested here others may do.
 */
function checkDependencies() {
  const { name, dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = manifest;
  const here = readJson(join(root, 'package.json'));
  const tested = { ...here.devDependencies, ...here.dependencies };
  const outside = [...files.values()].flatMap(importsOf).filter((each) => !/^(\.|node:)/.test(each));
  const imported = outside.map((each) => /^(@[^/]+\/)?[^/]+/.exec(each)[0]);
  const isPeer = (each) => Object.hasOwn(peerDependencies, each);
  const wanted = Object.fromEntries(
    [...new Set(imported)]
      .filter((each) => !isPeer(each))
      .sort()
      .map((each) => [each, `^${tested[each]}`]),
  );
  if (JSON.stringify(dependencies) !== JSON.stringify(wanted))
    throw new Error(`package.json of ${name} has to have the dependencies ${JSON.stringify(wanted)}`);
  for (const [peer, range] of Object.entries(peerDependencies)) {
    if (range.split(' || ').at(-1) === `^${tested[peer]}` && peerDependenciesMeta[peer]?.optional) continue;
    throw new Error(`package.json of ${name} has to have the optional peer ${peer}, up to ^${tested[peer]}`);
  }
}

/** What has not changed stays as it is: somebody may be running it. */
function write() {
  mkdirSync(dist, { recursive: true });
  for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !files.has(relative(dist, path))) rmSync(path);
  }
  for (const [name, text] of files) {
    const path = join(dist, name);
    if (existsSync(path) && readFileSync(path, 'utf8') === text) continue;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  copyFileSync(join(root, 'LICENSE'), join(dist, 'LICENSE'));
}
