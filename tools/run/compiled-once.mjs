// Where Jest's tests run: each file of them in a world of its own, as in jest-environment-node, but of code that is compiled
// once for all files that one worker runs, and not for each anew. It is the very same text, and of it every file gets
// functions of its own; only what V8 has made of the text is shared. Compiling was four tenths of what loading costs.
import vm from 'node:vm';
import { TestEnvironment } from 'jest-environment-node';

const { compileFunction: compileAsNodeDoes } = vm;
const compiled = new Map();

/** Code that imports would import for the file that had it compiled; and a script's first line may be no JavaScript. */
const NOT_SHARED = /\bimport\s*\(|^#!/;

vm.compileFunction = function compileFunction(text, parameters, options) {
  const { filename, parsingContext } = options;
  const known = compiled.get(filename);
  if (known?.text === text) return known.script.runInContext(parsingContext);
  if (parsingContext === undefined || NOT_SHARED.test(text)) return compileAsNodeDoes(text, parameters, options);
  const head = `(function (${parameters.join(', ')}) {`;
  const script = new vm.Script(`${head}${text}\n})`, { filename, columnOffset: -head.length });
  compiled.set(filename, { text, script });
  return script.runInContext(parsingContext);
};

export default TestEnvironment;
