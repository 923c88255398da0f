import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

// Has to stand before @swc/core is loaded: it unpacks itself, into the home folder where it is told of no other.
const cache = join(resolve(import.meta.dirname, '..'), '.nx', 'swc');
mkdirSync(cache, { recursive: true, mode: 0o700 });
process.env.SWC_NATIVE_BINDING_CACHE ??= cache;

// The one set of compiler options that the build and Jest share, so that tests run what ships.
export const swcOptions = {
  swcrc: false,
  configFile: false,
  // The annotation tells Node's own ES modules which names a built file exports.
  module: { type: 'commonjs', exportInteropAnnotation: true },
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
    keepClassNames: true,
  },
};
