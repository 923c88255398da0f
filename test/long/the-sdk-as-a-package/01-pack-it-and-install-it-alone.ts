import { installAlone } from '../../src/install-alone';
import type { Step } from '../../src/tell-story';
import { project } from './project';

/** The one that the README explains, and what that one needs itself. */
const DEPENDENCIES = ['nats', 'nkeys.js', 'tweetnacl'];

export const step: Step = async (world) => {
  const { files, installed } = await installAlone('libs/node-sdk', DEPENDENCIES, await project(world));
  expect(
    files.filter((path) => !/^(package\.json|README\.md|dist\/LICENSE|dist\/.+(\.js|\.d\.ts))$/.test(path)),
  ).toEqual([]);
  // What services may do, and what they are asked, is no Node's business.
  expect(files.filter((path) => /spec|testing|permissions|traffic|commands/.test(path))).toEqual([]);
  expect(installed).toEqual(['@plexsphere', ...DEPENDENCIES].sort());
};
