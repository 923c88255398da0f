export { makeStackToCopy as default } from './stack-to-copy';
