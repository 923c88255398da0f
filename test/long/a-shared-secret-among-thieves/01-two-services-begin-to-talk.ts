export { step } from '../../suites/a-shared-secret/01-two-services-begin-to-talk';
