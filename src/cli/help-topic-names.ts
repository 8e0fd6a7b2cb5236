/** Topics of `machinespawn help`. Apart from their texts, which only `help` itself reads. */
export const helpTopicNames = [
  'images',
  'pipelines',
  'expressions',
  'plugins',
  'files',
  'environment',
  'exit-codes',
  'errors',
] as const;
export type HelpTopicName = (typeof helpTopicNames)[number];
