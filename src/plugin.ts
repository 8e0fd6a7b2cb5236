/** Everything that a plugin may import. zod comes from here, so that there is one. */
export { z } from 'zod';
export { definePlugin, pluginApiVersion, type Plugin } from './engine/plugin.ts';
export type { AnyStep, Json, RetryPolicy, Reuse, Step, StepContext, StepLog, StepProgress } from './engine/step.ts';
export { fail, MachinespawnError } from './errors/machinespawn-error.ts';
export type { ErrorCode, ErrorData } from './errors/catalog.ts';
export type { ArtifactFile } from './model/artifact.ts';
export { artifactSchema } from './model/schemas.ts';
export type { Artifacts, Command, CommandResult, Files, RootFiles, StepServices } from './host/services.ts';
export type { Trees } from './host/tree-services.ts';
export { defineStep } from './steps/define-step.ts';
export { runInTree, type TreeBind, type TreeProgram } from './steps/lib/run-in-tree.ts';
