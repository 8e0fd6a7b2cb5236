import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MachinespawnError } from '../../../src/errors/machinespawn-error.ts';
import { baseRecipe } from '../../../src/model/base-recipe.ts';
import { choosePackages, type ChoiceRequest } from '../../../src/model/choose-packages.ts';
import { packagePins, parsePackageRequest, type PackageByName } from '../../../src/model/package-request.ts';
import type { PackageUniverse } from '../../../src/model/package-universe.ts';
import { selectedPackages } from '../../../src/model/selected-packages.ts';
import { errorOf } from './error-of.ts';
import { mirror, paragraph, pinned, ranked, universe, type Fields } from './package-universe-fixture.ts';

const required = { Priority: 'required' };
const important = { Priority: 'important' };
const basic = [
  paragraph('base-files', '12', { ...required, 'Pre-Depends': 'awk' }),
  paragraph('mawk', '1.3', { ...required, Provides: 'awk' }),
  paragraph('libc6', '2.36-9', { Depends: 'libgcc-s1' }),
  paragraph('libgcc-s1', '12', { Depends: 'libc6 (>= 2.35)' }),
  paragraph('coreutils', '9.1', { ...required, Essential: 'yes', 'Pre-Depends': 'libc6 (>= 2.34)' }),
  paragraph('apt', '2.6.1', { ...important, Depends: 'libc6 (>= 2.34), gpgv | gpgv2' }),
  paragraph('gpgv', '2.2', {}),
  paragraph('gpgv2', '2.2', {}),
  paragraph('nano', '7', important),
  paragraph('build-essential', '12', {}),
];

interface Options extends Partial<ChoiceRequest> {
  readonly variant?: 'default' | 'minbase' | 'buildd';
  readonly codename?: string;
  readonly mirror?: string;
}

function select(all: PackageUniverse, options: Options = {}) {
  const { variant = 'minbase', codename = 'trixie', include = [], exclude = [] } = options;
  const recipe = baseRecipe(all, { distro: 'debian', codename, variant, mirror: options.mirror ?? mirror });
  const chosen = choosePackages(all, { recipe, include, exclude, suite: codename });
  return selectedPackages(all, chosen, codename);
}
const namesOf = (...given: Parameters<typeof select>): readonly string[] => select(...given).map(({ name }) => name);
/** The basic archive and these. */
const and = (...more: readonly string[]): PackageUniverse => universe([...basic, ...more]);
const codeOf = (...given: Parameters<typeof select>): unknown => errorOf(() => select(...given));

const minbase = ['apt', 'base-files', 'coreutils', 'gpgv', 'libc6', 'libgcc-s1', 'mawk'];

describe('a variant', () => {
  it.each([
    ['minbase', minbase],
    ['default', [...minbase, 'nano'].toSorted()],
    ['buildd', [...minbase, 'build-essential'].toSorted()],
  ] as const)('%s has its packages and what they need', (variant, names) => {
    expect(namesOf(and(), { variant })).toEqual(names);
  });

  it('has what is essential, whatever its priority', () => {
    expect(
      namesOf(and(paragraph('init', '1', { Essential: 'yes' }), paragraph('odd', '1', { Essential: 'no' }))),
    ).toEqual([...minbase, 'init'].toSorted());
  });

  it('of bookworm has usr-is-merged, and never usrmerge', () => {
    const more = [
      paragraph('usr-is-merged', '37', {}),
      paragraph('usrmerge', '35', {}),
      paragraph('init-system-helpers', '1', { ...required, Depends: 'usrmerge | usr-is-merged' }),
    ];
    expect(namesOf(and(...more), { codename: 'bookworm' })).toContain('usr-is-merged');
    expect(namesOf(and(...more), { codename: 'bookworm' })).not.toContain('usrmerge');
    expect(namesOf(and(...more), { codename: 'trixie' })).toContain('usr-is-merged');
    expect(namesOf(and(...more), { codename: 'bullseye' })).toContain('usrmerge');
    expect(namesOf(and(...more), { codename: 'bookworm', include: ['usrmerge'] })).toContain('usrmerge');
  });

  it('from an archive over https has the certificates', () => {
    const all = and(paragraph('ca-certificates', '1', {}), paragraph('apt-transport-https', '1', {}));
    const https = mirror.replace('http:', 'https:');
    expect(namesOf(all, { mirror: https })).toContain('ca-certificates');
    expect(namesOf(all, { mirror: https })).not.toContain('apt-transport-https');
    expect(namesOf(all, { mirror: https, codename: 'stretch' })).toContain('apt-transport-https');
    expect(namesOf(all)).not.toContain('ca-certificates');
  });

  it('says for each package why it is there, and what it needs', () => {
    const list = select(and(paragraph('jq', '1', { Depends: 'libjq1 (= 1), libc6' }), paragraph('libjq1', '1', {})), {
      include: ['jq'],
    });
    const of = (name: string) => list.find((one) => one.name === name);
    expect(of('coreutils')).toMatchObject({ stage: 'required', essential: true, preDepends: ['libc6'], depends: [] });
    expect(of('base-files')).toMatchObject({ stage: 'required', preDepends: ['mawk'] });
    expect(of('libc6')).toMatchObject({ stage: 'required', depends: ['libgcc-s1'] });
    expect(of('apt')).toMatchObject({ stage: 'base', depends: ['gpgv', 'libc6'] });
    expect(of('jq')).toMatchObject({ stage: 'include', depends: ['libc6', 'libjq1'], mirror });
    expect(of('libjq1')).toMatchObject({ stage: 'include', filename: 'pool/main/l/libjq1/libjq1_1_amd64.deb' });
  });
});

describe('include and exclude', () => {
  it('takes off the lists, but not what is needed', () => {
    expect(namesOf(and(), { exclude: ['apt'] })).toEqual(['base-files', 'coreutils', 'libc6', 'libgcc-s1', 'mawk']);
    expect(namesOf(and(), { exclude: ['libc6'] })).toContain('libc6');
    expect(namesOf(and(), { exclude: ['mawk'] })).toContain('mawk');
    expect(namesOf(and(), { include: ['nano'], exclude: ['nano'] })).toEqual(minbase);
  });

  it('leaves out what is named with a minus, unless a package is called so', () => {
    const all = and(paragraph('odd-', '1', {}));
    expect(namesOf(all, { variant: 'default', include: ['nano-', 'odd-'] })).toEqual([...minbase, 'odd-'].toSorted());
  });

  it('names what is unknown, and what is near', () => {
    expect(codeOf(and(), { include: ['nanno', 'xyzzy'] })).toMatchObject({
      code: 'MSP_PACKAGE_UNKNOWN',
      data: { packages: ['nanno', 'xyzzy'], suite: 'trixie', instead: ['nano'] },
    });
  });

  it('does not choose among those that provide a name', () => {
    expect(codeOf(and(paragraph('gawk', '5', { Provides: 'awk' })), { include: ['awk'] })).toMatchObject({
      code: 'MSP_PACKAGE_UNKNOWN',
      data: { instead: ['gawk', 'mawk'] },
    });
  });
});

describe('a version that is asked for', () => {
  const lists = {
    trixie: [...basic, paragraph('app', '2', { Depends: 'lib (>= 2)' }), paragraph('lib', '2', {})],
    'trixie-backports': [paragraph('app', '3', { Depends: 'lib (>= 3)' }), paragraph('lib', '3', {})],
    'trixie-old': [paragraph('app', '1', { Depends: 'lib (>= 1)' })],
  };
  const versions = (...include: readonly string[]) => {
    const asked = include.map((text) => parsePackageRequest(text) as PackageByName);
    const pins = packagePins(asked);
    const all = pinned(pins, lists);
    const recipe = baseRecipe(all, { distro: 'debian', codename: 'trixie', variant: 'minbase', mirror });
    const names = asked.map(({ name }) => name);
    const chosen = choosePackages(all, { recipe, include: names, exclude: [], pins, suite: 'trixie' });
    return ['app', 'lib'].map((name) => chosen.get(name)?.candidate.version);
  };

  it('is taken, and others are not drawn after it', () => {
    expect(versions('app')).toEqual(['2', '2']);
    expect(versions('app=1')).toEqual(['1', '2']);
    expect(versions('app=1-0')).toEqual(['1', '2']);
    expect(versions('app/trixie-old')).toEqual(['1', '2']);
    expect(versions('app/stable')).toEqual(['2', '2']);
    expect(versions('app=3', 'lib/trixie-backports')).toEqual(['3', '3']);
  });

  it('that does not fit the others is told', () => {
    expect(errorOf(() => versions('app/trixie-backports'))).toMatchObject({
      code: 'MSP_DEPENDENCY_UNMET',
      data: { package: 'app', version: '3', relation: 'lib (>= 3)', problem: 'there is lib 2' },
    });
  });

  it('that there is not is told, with those that there are', () => {
    const error = errorOf(() => versions('app=9'));
    expect([error.code, error.message]).toEqual([
      'MSP_PACKAGE_VERSION_UNKNOWN',
      'there is no app=9, only 2 in trixie, 3 in trixie-backports, 1 in trixie-old',
    ]);
    expect(errorOf(() => versions('app/sid')).message).toContain('there is no app/sid, only ');
    expect(errorOf(() => versions('ap=9')).code).toBe('MSP_PACKAGE_UNKNOWN');
  });
});

describe('a relation', () => {
  const withApp = (depends: string, ...more: readonly string[]) =>
    namesOf(and(paragraph('app', '1', { Depends: depends }), ...more), { include: ['app'] }).filter(
      (name) => !minbase.includes(name) && name !== 'app',
    );
  const package_ = (name: string, version = '1', fields: Fields = {}) => paragraph(name, version, fields);

  it('is met by the first alternative that there is', () => {
    expect(withApp('a | b', package_('a'), package_('b'))).toEqual(['a']);
    expect(withApp('a | b', package_('b'))).toEqual(['b']);
    expect(withApp('a | mawk')).toEqual([]);
  });

  it('looks at versions', () => {
    expect(withApp('a (>= 2) | b', package_('a', '1'), package_('b'))).toEqual(['b']);
    expect(withApp('a (>= 2)', package_('a', '1'), package_('a', '1:0.1'))).toEqual(['a']);
    expect(withApp('a (<< 2)', package_('a', '2~rc1'))).toEqual(['a']);
  });

  it('is met by what provides the name, the more important first', () => {
    const dbus = package_('dbus', '1', { Provides: 'system-bus' });
    const broker = package_('broker', '1', { Provides: 'system-bus' });
    expect(withApp('system-bus', dbus, broker)).toEqual(['broker']);
    expect(
      withApp('system-bus', paragraph('dbus', '1', { Provides: 'system-bus', Priority: 'standard' }), broker),
    ).toEqual(['dbus']);
    expect(withApp('default-bus | system-bus', dbus, package_('z', '1', { Provides: 'default-bus' }))).toEqual(['z']);
    expect(withApp('system-bus, dbus', dbus, broker)).toEqual(['dbus']);
  });

  it('with a version is met by a provided version only', () => {
    const plain = package_('p', '9', { Provides: 'v' });
    const versioned = package_('q', '1', { Provides: 'v (= 3)' });
    expect(withApp('v (>= 2)', plain, versioned)).toEqual(['q']);
    expect(codeOf(and(package_('app', '1', { Depends: 'v (>= 2)' }), plain), { include: ['app'] })).toMatchObject({
      code: 'MSP_DEPENDENCY_UNMET',
      data: { problem: 'p provides another version' },
    });
  });

  it.each([
    ['tool:any', { 'Multi-Arch': 'allowed' }, true],
    ['tool:any', { 'Multi-Arch': 'foreign' }, false],
    ['tool:native', {}, true],
    ['tool:amd64', {}, true],
    ['tool', { Architecture: 'all' }, true],
    ['tool:arm64', {}, false],
  ] as const)('%s and a tool with %j: %s', (depends, fields, isMet) => {
    const all = and(package_('app', '1', { Depends: depends }), package_('tool', '1', fields));
    if (isMet) expect(namesOf(all, { include: ['app'] })).toContain('tool');
    else expect(codeOf(all, { include: ['app'] })).toMatchObject({ code: 'MSP_DEPENDENCY_UNMET' });
  });

  it('that nothing meets is said with who wants it', () => {
    expect(
      codeOf(and(package_('app', '3', { 'Pre-Depends': 'libc6 (>= 2.40) | libcc6' })), { include: ['app'] }),
    ).toMatchObject({
      code: 'MSP_DEPENDENCY_UNMET',
      message: 'app 3 of trixie needs libc6 (>= 2.40) | libcc6: there is libc6 2.36-9; there is no libcc6 (but libc6)',
    });
  });

  it('is met across suites, the newest version winning', () => {
    const all = universe(basic, [paragraph('libc6', '2.36-9+deb12u1', { Depends: 'libgcc-s1' })]);
    expect(select(all).find(({ name }) => name === 'libc6')?.version).toBe('2.36-9+deb12u1');
    const older = universe(basic, [paragraph('libc6', '2.36-8', {})]);
    expect(select(older).find(({ name }) => name === 'libc6')?.version).toBe('2.36-9');
  });

  it('is met from a suite that is not automatic, such as backports, only where no other has the package', () => {
    const backports = [paragraph('libc6', '2.40-1~bpo13+1', { Depends: 'libgcc-s1' }), paragraph('only-there', '1')];
    const all = ranked({ priority: 100, paragraphs: backports }, { priority: 500, paragraphs: basic });
    const chosen = select(all, { include: ['only-there'] });
    expect(chosen.find(({ name }) => name === 'libc6')?.version).toBe('2.36-9');
    expect(chosen.map(({ name }) => name)).toContain('only-there');
  });
});

describe('what cannot be together', () => {
  it.each([
    [{ Conflicts: 'mawk' }, 'conflicts with mawk', 'mawk'],
    [{ Breaks: 'libc6 (<< 2.37)' }, 'breaks libc6 (<< 2.37)', 'libc6'],
    [{ Conflicts: 'awk' }, 'conflicts with awk', 'mawk'],
  ])('%j', (fields, relation, other) => {
    const all = and(paragraph('app', '1', fields));
    expect(codeOf(all, { include: ['app'] })).toMatchObject({
      code: 'MSP_PACKAGES_CONFLICT',
      data: { relation, other },
    });
  });

  it('is not the package itself, nor another version', () => {
    const all = and(paragraph('gawk', '1', { Provides: 'my-awk', Conflicts: 'my-awk', Breaks: 'libc6 (<< 2.30)' }));
    expect(namesOf(all, { include: ['gawk'] })).toContain('gawk');
  });
});

describe('a damaged paragraph', () => {
  it.each([
    ['Version', '1 2'],
    ['Version', ''],
    ['Depends', 'libc6 (>= 2.36'],
    ['Provides', 'Awk!'],
    ['Filename', '../../etc/passwd'],
    ['Filename', 'pool/../../x.deb'],
    ['Filename', '/etc/passwd'],
    ['Filename', ''],
    ['Size', '-1'],
    ['Size', ''],
    ['SHA256', 'abc'],
    ['SHA256', ''],
    ['Architecture', 'arm64'],
    ['Architecture', ''],
  ])('%s: %j', (field, value) => {
    expect(codeOf(and(paragraph('app', '1', { [field]: value })), { include: ['app'] })).toMatchObject({
      code: 'MSP_PACKAGES_INVALID',
      message: expect.stringContaining(`the package 'app' has ${value === '' ? `no ${field}` : `a damaged ${field}`}`),
    });
  });

  it('is not one whose file stands below the dot', () => {
    const all = and(paragraph('app', '1', { Filename: './pool/app_1_amd64.deb' }));
    expect(select(all, { include: ['app'] })[0]?.filename).toBe('./pool/app_1_amd64.deb');
  });

  it('of a package that nobody wants does not matter', () => {
    expect(namesOf(and(paragraph('app', '1', { Depends: '(((' })))).toEqual(minbase);
  });
});

function outcomeOf<T>(call: () => T): T | string {
  try {
    return call();
  } catch (error) {
    if (MachinespawnError.is(error)) return `${error.code} ${error.message}`;
    throw error;
  }
}

describe('any archive', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((letter) => `pkg-${letter}`);
  const name = fc.constantFrom(...names, 'virtual-x', 'virtual-y');
  const clause = fc.array(name, { minLength: 1, maxLength: 3 }).map((alternatives) => alternatives.join(' | '));
  const one = fc.record({
    depends: fc.array(clause, { maxLength: 3 }),
    provides: fc.constantFrom('', '', 'virtual-x', 'virtual-y', 'virtual-x, virtual-y'),
    priority: fc.constantFrom('required', 'important', 'optional', 'optional'),
  });
  const archive = fc.array(one, { minLength: names.length, maxLength: names.length });
  const build = (list: readonly { depends: string[]; provides: string; priority: string }[]) =>
    list.map(({ depends, provides, priority }, index) =>
      paragraph(names[index] ?? '', '1', { Depends: depends.join(', '), Provides: provides, Priority: priority }),
    );

  it('gives a choice that is closed, the same whatever the order, or says what is not met', () => {
    fc.assert(
      fc.property(archive, fc.constantFrom(...names), (list, include) => {
        const lines = [...build(list), paragraph('apt', '1', {})];
        const run = (order: readonly string[]) => outcomeOf(() => namesOf(universe(order), { include: [include] }));
        const result = run(lines);
        expect(run(lines.toReversed())).toEqual(result);
        if (typeof result === 'string') {
          expect(result).toMatch(/^MSP_DEPENDENCY_UNMET /u);
          return;
        }
        const chosen = new Set(result);
        expect(chosen).toContain(include);
        const provided = new Set(
          list.flatMap(({ provides }, index) => (chosen.has(names[index] ?? '') ? provides.split(', ') : [])),
        );
        for (const [index, { depends }] of list.entries()) {
          if (!chosen.has(names[index] ?? '')) continue;
          for (const text of depends)
            expect(text.split(' | ').some((wanted) => chosen.has(wanted) || provided.has(wanted))).toBe(true);
        }
      }),
      { numRuns: 150 },
    );
  });
});
