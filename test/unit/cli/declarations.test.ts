import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandAliases, commandTable, families } from '../../../src/cli/command-table.ts';
import { flagOf, type AnyCommand, type OptionDeclaration } from '../../../src/cli/command.ts';
import { globalOptions } from '../../../src/cli/global-options.ts';
import { helpTopicNames } from '../../../src/cli/help-topic-names.ts';
import { parseArguments } from '../../../src/cli/parse.ts';
import { resolveCommand } from '../../../src/cli/resolve-command.ts';
import { runMain } from './run-main.ts';

const folder = join(import.meta.dirname, '../../../src/cli/commands');
const commands: readonly (readonly [name: string, command: AnyCommand])[] = await Promise.all(
  Object.entries(commandTable).map(async ([name, row]) => [name, await row.load()] as const),
);

describe('the table', () => {
  it('names what the folder holds', () => {
    const files = readdirSync(folder).map((file) => file.replace(/\.ts$/u, ''));
    expect(files.length).toBeGreaterThan(10);
    expect(
      Object.keys(commandTable)
        .map((name) => name.replaceAll(' ', '-'))
        .toSorted(),
    ).toEqual(files.toSorted());
  });

  it.each(commands)('%s is what the declaration says', (name, command) => {
    const { load: _load, ...row } = commandTable[name] ?? {};
    const { summary, group, aliases } = command;
    expect({ name, ...row }).toEqual({
      name: command.name,
      summary,
      group,
      ...(aliases === undefined ? {} : { aliases }),
    });
  });

  it('has the aliases of the declarations', () => {
    const declared = commands.flatMap(([name, { aliases = [], hiddenAliases = [] }]) =>
      [...aliases, ...hiddenAliases].map((alias) => [alias, name] as const),
    );
    expect(commandAliases).toEqual(Object.fromEntries(declared));
  });

  it('is what the help lists', async () => {
    const { stdout } = await runMain(['--help']);
    const listed = [...stdout.matchAll(/^ {2}(\S+) {2,}(?!same as)\S/gmu)].map((match) => match[1] ?? '');
    const single = Object.keys(commandTable).filter((name) => !name.includes(' '));
    expect(listed.toSorted()).toEqual([...single, ...families].toSorted());
    for (const topic of helpTopicNames) expect(stdout).toContain(topic);
  });
});

describe.each(commands)('%s', (_name, command) => {
  it('has a summary in form, and examples', () => {
    expect(command.summary).toMatch(/^[A-Z].*[^.]$/u);
    expect(command.examples.length).toBeGreaterThan(0);
  });

  it('has options that fit beside the ones of every command', () => {
    const all = [
      ...Object.entries(globalOptions),
      ...Object.entries(command.options as Record<string, OptionDeclaration>),
    ];
    const shorts = all.flatMap(([, option]) => ('short' in option && option.short !== undefined ? [option.short] : []));
    const flags = all.map(([key]) => flagOf(key));
    expect(new Set(shorts).size).toBe(shorts.length);
    expect(new Set(flags).size).toBe(flags.length);
    for (const [, option] of all) expect(option.summary).toMatch(/^[A-Z'a-z].*[^.]$/u);
  });

  it.each(command.examples)('parses: %s', async (line) => {
    const words = (line.split(' > ')[0] ?? '').split(' ').map((word) => word.replace(/^"(.*)"$/u, '$1'));
    expect(words[0]).toBe('machinespawn');
    const resolved = await resolveCommand(words.slice(1));
    if (resolved.kind !== 'command') throw new RangeError(`${line} is ${resolved.kind}`);
    expect(resolved.command.name).toBe(command.name);
    expect(() => parseArguments(resolved.command, resolved.args)).not.toThrow();
  });

  it('has a help page that fits 100 columns and is asked for in two ways', async () => {
    const words = command.name.split(' ');
    const { code, stdout, stderr, request } = await runMain([...words, '--help']);
    expect({ code, stderr, request }).toEqual({ code: 0, stderr: '', request: null });
    expect((await runMain(['help', ...words])).stdout).toBe(stdout);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(stdout).toMatchSnapshot();
  });
});

describe('help', () => {
  it.each([[[]], [['--help']], [['-h']], [['help']], [['-qh']]])('%j is the overview', async (argv) => {
    expect(await runMain(argv)).toMatchObject({ code: 0, stderr: '' });
    expect((await runMain(argv)).stdout).toBe((await runMain(['help'])).stdout);
  });

  it('is this', async () => {
    expect((await runMain([])).stdout).toMatchSnapshot();
  });

  it.each(families)('%s lists its commands', async (family) => {
    const { stdout, code } = await runMain([family]);
    expect(code).toBe(0);
    expect(stdout).toMatchSnapshot();
    expect((await runMain([family, '--help'])).stdout).toBe(stdout);
    expect((await runMain(['help', family])).stdout).toBe(stdout);
  });

  it.each(helpTopicNames)('%s is a topic', async (topic) => {
    const { stdout, code } = await runMain(['help', topic]);
    expect(code).toBe(0);
    expect(stdout.split('\n').length).toBeGreaterThan(3);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  });
});
