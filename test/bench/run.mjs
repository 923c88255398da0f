// npm run bench: the benchmarks are TypeScript beside the tests, which nothing builds. Each file is compiled as it is loaded,
// by the options that the build has; what they measure is what was built.
import Module, { createRequire } from 'node:module';
import process from 'node:process';
import { swcOptions } from '../../tools/swc-options.mjs';
import { transformFileSync } from '@swc/core';

process.setSourceMapsEnabled(true);
Module._extensions['.ts'] = (module, file) =>
  module._compile(transformFileSync(file, { ...swcOptions, sourceMaps: 'inline' }).code, file);

const { main } = createRequire(import.meta.url)('./src/main.ts');
const exitCode = await main(process.argv.slice(2));
// A connection that a bench has left open is no reason to stay.
process.exit(exitCode);
