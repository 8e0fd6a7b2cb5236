/** What the process that checks a plugin tells the one that started it, as JSON lines on standard output. */

export interface CheckMessage {
  readonly type: 'start' | 'passed' | 'failed' | 'untested' | 'done';
  /** Of the check, or of the step. */
  readonly name: string;
  readonly problem?: string;
}

/** Lines of the plugin itself do not begin like this. */
export const checkPrefix = '\u0001machinespawn ';
