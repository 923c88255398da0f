// The one set of compiler options that the build and Jest share, so that tests run what ships.
export const swcOptions = {
  swcrc: false,
  configFile: false,
  module: { type: 'commonjs' },
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
    keepClassNames: true,
  },
};
