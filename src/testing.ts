/** For the tests of steps, built-in and of plugins. */
export { testStep, type RegisterTest } from './testing/test-step.ts';
export { stepChecks, type StepCheck } from './testing/step-checks.ts';
export type { AcceptedCase, FailedCase, RefusedCase, StepCases } from './testing/step-cases.ts';
export {
  exits,
  fakeHost,
  prints,
  unreachable,
  type Answer,
  type FakeHost,
  type Program,
  type ProgramCall,
} from './testing/fake-host.ts';
export { directories as fakeDirectories, type FileSpec, type World } from './testing/world.ts';
