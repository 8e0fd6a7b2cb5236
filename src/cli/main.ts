/** Arguments -> command -> exit code. */
import type { App, Settings } from '../app-types.ts';
import type { AnyCommand, Invocation } from './command.ts';
import { ask, canAsk } from './confirm.ts';
import { environmentAsArguments, readGlobals, type Globals } from './global-options.ts';
import { exitCodeOf } from './print-error.ts';
import { reportFailure } from './report-failure.ts';
import { resolveCommand, type Resolved } from './resolve-command.ts';
import {
  makePaint,
  type Environment,
  type InputStream,
  type OutputStream,
  type SignalSource,
  type Terminal,
} from './terminal.ts';

/** What the composition root is told. */
export interface AppRequest {
  readonly env: Environment;
  readonly cwd: string;
  /** What options and environment say; the rest are defaults. */
  readonly settings: Partial<Settings>;
  /** Does a user who is not root keep runs and results in places of his own for this? */
  readonly ownPlaces?: boolean;
  /** May a password be asked for? */
  readonly isInteractive: boolean;
  readonly plugins?: {
    readonly given: readonly string[];
    readonly trustAll: boolean;
    /** Null when nobody can be asked. */
    readonly ask: ((question: string) => Promise<boolean>) | null;
  };
}

export interface MainOptions {
  /** Without the program's name. */
  readonly argv: readonly string[];
  readonly env: Environment;
  readonly cwd: string;
  readonly stdin: InputStream;
  readonly stdout: OutputStream & Partial<Pick<NodeJS.EventEmitter, 'on'>>;
  readonly stderr: OutputStream & Partial<Pick<NodeJS.EventEmitter, 'on'>>;
  readonly signals: SignalSource;
  readonly createApp: (request: AppRequest) => App | Promise<App>;
  /** @default the clock */
  readonly nowMs?: () => number;
}

/** Gives the exit code; never throws, never ends the process. */
export async function main(options: MainOptions): Promise<number> {
  const { stdout, stderr, argv } = options;
  let isReaderGone = false;
  stdout.on?.('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') isReaderGone = true;
    else stderr.write(`error: stdout: ${error.message}\n`);
  });
  stderr.on?.('error', () => undefined);
  const form = { json: wantsJson(argv), color: 'auto' as Globals['color'] };
  try {
    const code = await dispatch(options, form);
    return isReaderGone ? 0 : code;
  } catch (error) {
    // The reader of the output has seen enough.
    if (isReaderGone || (error as NodeJS.ErrnoException | null)?.code === 'EPIPE') return 0;
    reportFailure(error, { stderr, paint: makePaint(form.color, stderr, options.env) }, { json: form.json });
    return exitCodeOf(error);
  }
}

/** `form`: how an error is to be shown, as far as it is known by then. */
async function dispatch(options: MainOptions, form: { json: boolean; color: Globals['color'] }): Promise<number> {
  const { argv, env, cwd } = options;
  const resolved = await resolveCommand(argv);
  const out = (text: string): void => void options.stdout.write(`${text}\n`);
  if (resolved.kind === 'version') return showVersion(options, out);
  const page = await helpPage(resolved);
  if (page !== null) {
    out(page);
    return 0;
  }
  if (resolved.kind !== 'command') return 0;
  const { parseArguments } = await import('./parse.ts');
  const { command, args } = resolved;
  if (command.passThrough === true) form.json = false;
  const parsed = parseArguments(command, args);
  const globals = readGlobals(parsed.globals, parsed.verbose, env, cwd);
  form.color = globals.color;
  const restart = environmentAsArguments(env, argv);
  const terminal = makeTerminal(options, globals);
  const invocation: Invocation = {
    positionals: parsed.positionals as Invocation['positionals'],
    options: parsed.options as Invocation['options'],
    passed: parsed.passed,
    handedOver: parsed.handedOver,
    globals,
    app: await options.createApp({
      env,
      cwd: globals.cwd,
      settings: globals.settings,
      ownPlaces: hasOwnPlaces(command),
      isInteractive: canAsk(globals, terminal),
      plugins: {
        given: globals.plugins,
        trustAll: globals.trustPlugins,
        ask: canAsk(globals, terminal) ? (question) => ask(question, terminal) : null,
      },
    }),
    terminal,
    typed: argv,
    argv: restart,
  };
  return command.run(invocation);
}

/** What is about machines and their images is about root's places. */
function hasOwnPlaces({ name, group, needsRoot }: AnyCommand): boolean {
  return group === 'Pipelines' || needsRoot === 'steps' || name === 'cache ls';
}

async function helpPage(resolved: Resolved): Promise<string | null> {
  if (resolved.kind === 'command' && !resolved.help) return null;
  const { commandText, familyText, overviewText } = await import('./help-text.ts');
  if (resolved.kind === 'command') return commandText(resolved.command);
  return resolved.kind === 'family' ? familyText(resolved.family) : overviewText();
}

async function showVersion({ argv, env, cwd, createApp }: MainOptions, out: (text: string) => void): Promise<number> {
  const app = await createApp({ env, cwd, settings: {}, isInteractive: false });
  if (!wantsJson(argv)) out(`machinespawn ${app.version}`);
  else out(JSON.stringify({ machinespawn: app.version, ...(await app.versions()) }, null, 2));
  return 0;
}

function makeTerminal(options: MainOptions, globals: Globals): Terminal {
  const { stdin, stdout, stderr, env, signals } = options;
  return {
    stdin,
    stdout,
    stderr,
    env,
    signals,
    nowMs: options.nowMs ?? Date.now,
    out: (line) => void stdout.write(`${line}\n`),
    say: (line) => void (globals.quiet ? undefined : stderr.write(`${line}\n`)),
    paint: makePaint(globals.color, stderr, env),
    paintOut: makePaint(globals.color, stdout, env),
  };
}

/** Looked up by hand, because the parser may be what failed. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  const ours = end === -1 ? argv : argv.slice(0, end);
  return ours.some(
    (text, at) => text === '--json' || text === '--format=json' || (text === 'json' && ours[at - 1] === '--format'),
  );
}
