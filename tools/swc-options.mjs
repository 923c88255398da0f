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
