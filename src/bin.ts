import { main } from './cli/main.ts';

process.exitCode = await main({
  argv: process.argv.slice(2),
  env: process.env,
  cwd: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signals: process,
  createApp: async ({ env, ...rest }) =>
    (await import('./app.ts')).createApp({ ...rest, environment: env, argv: process.argv }),
});
