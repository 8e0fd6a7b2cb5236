import { learnReleases } from './app-release-news.ts';
import { main } from './cli/main.ts';

// The command line knows images before there is an App.
learnReleases();

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
