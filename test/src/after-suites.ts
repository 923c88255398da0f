export { removeStackToCopy as default } from './stack-to-copy';
