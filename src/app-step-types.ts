/** What step types there are, and the schema of pipeline files, for people and editors. */
import { inputTypes } from './app-input-types.ts';
import type { App } from './app-types.ts';
import type { World } from './app-world.ts';
import { pipelineSchema } from './engine/pipeline-schema.ts';
import { inputSchema, outputSchema } from './engine/step-schemas.ts';
import type { Json } from './engine/step.ts';

export function schemaOf(world: World): Promise<unknown> {
  return pipelineSchema(world.registry, inputTypes);
}

export async function stepTypesOf(world: World): ReturnType<App['stepTypes']> {
  return Promise.all(
    world.registry.ids().map(async (id) => {
      const type = await world.registry.get(id);
      return {
        id,
        summary: type.summary,
        input: inputSchema(type) as Json,
        output: outputSchema(type) as Json,
        needsRoot: type.needs?.root === true,
        tools: type.needs?.tools ?? [],
        reuse: type.reuse,
      };
    }),
  );
}
