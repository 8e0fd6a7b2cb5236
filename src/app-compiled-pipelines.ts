/** The built-in pipelines as they were read when the bundle was made (scripts/build-cli.mjs); none when run from source. */
import type { EncodedPipeline } from './engine/pipeline-codec.ts';

export const compiledPipelines: Readonly<Record<string, EncodedPipeline>> = {};
