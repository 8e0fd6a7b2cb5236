/** The library: what the command line does, for programs. Mounts are private only in a process that called `isolate`. */
export { createApp, type AppOptions } from './app.ts';
export type * from './app-types.ts';
export type * from './app-plugin-types.ts';
export type { RunEvent } from './engine/events.ts';
export { MachinespawnError, type ErrorRecord } from './errors/machinespawn-error.ts';
