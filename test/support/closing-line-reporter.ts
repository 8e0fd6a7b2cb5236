import { writeFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import type { Reporter, TestCase, TestModule } from 'vitest/node';

/** What one run of vitest adds to the last line of `npm test`. */
export interface TestCounts {
  passed: number;
  failed: number;
  skipped: number;
  /** What failed and how, in a few lines each: told once more at the very end, where it is looked for. */
  failures: string[];
}

const SLOW_TEST_MS = 2000;
const SLOWEST_SHOWN = 10;
/** What was called stands first, what went wrong last. */
const FIRST_LINES = 4;
const LAST_LINES = 30;

interface Failure {
  readonly message?: string;
}

function tellFailure(name: string, errors: readonly Failure[]): string {
  const lines = errors.flatMap(({ message }) => stripVTControlCharacters(message ?? 'no message').split('\n'));
  const isLong = lines.length > FIRST_LINES + LAST_LINES;
  const shown = isLong ? [...lines.slice(0, FIRST_LINES), '[…]', ...lines.slice(-LAST_LINES)] : lines;
  return [name, ...shown.map((line) => `    ${line.slice(0, 400)}`)].join('\n');
}

function countTests(modules: readonly TestModule[], unhandled: readonly Failure[]): TestCounts {
  const failures = unhandled.map((error) => tellFailure('outside of tests', [error]));
  const counts = { passed: 0, failed: unhandled.length, skipped: 0, failures };
  const failedOutside = (name: string, errors: readonly Failure[]): void => {
    counts.failed += errors.length;
    if (errors.length > 0) failures.push(tellFailure(name, errors));
  };
  for (const testModule of modules) {
    // A file or a suite that dies outside its tests has failed, though it holds no failed test.
    failedOutside(testModule.relativeModuleId, testModule.errors());
    for (const suite of testModule.children.allSuites()) failedOutside(suite.fullName, suite.errors());
    for (const test of testModule.children.allTests()) {
      const { state, errors } = test.result();
      if (state === 'passed') counts.passed += 1;
      else if (state === 'failed') {
        counts.failed += 1;
        failures.push(tellFailure(`${testModule.relativeModuleId} > ${test.fullName}`, errors));
      } else counts.skipped += 1;
    }
  }
  return counts;
}

function listSlowTests(tests: readonly TestCase[]): string[] {
  return tests
    .map((test) => ({ name: test.fullName, durationMs: test.diagnostic()?.duration ?? 0 }))
    .filter(({ durationMs }) => durationMs >= SLOW_TEST_MS)
    .toSorted((a, b) => b.durationMs - a.durationMs)
    .slice(0, SLOWEST_SHOWN)
    .map(({ name, durationMs }) => `  slow: ${(durationMs / 1000).toFixed(1)} s  ${name}`);
}

/** Writes the counts where scripts/test.mjs adds them up; a skipped test or an empty run fails. */
export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly Failure[]): void {
    const counts = countTests(modules, unhandledErrors);
    const tests = modules.flatMap((testModule) => [...testModule.children.allTests()]);
    const lines = listSlowTests(tests);
    if (counts.skipped > 0) {
      process.exitCode = 1;
      const skipped = tests.filter((test) => !['passed', 'failed'].includes(test.result().state));
      lines.push('Skipped tests fail the run:', ...skipped.map((test) => `  ${test.fullName}`));
    }
    if (tests.length === 0) {
      process.exitCode = 1;
      lines.push('No test ran: that fails the run.');
    }
    if (lines.length > 0) process.stderr.write(`${lines.join('\n')}\n`);
    const file = process.env['MACHINESPAWN_TEST_COUNTS'];
    if (file !== undefined) writeFileSync(file, JSON.stringify(counts));
  }
}
