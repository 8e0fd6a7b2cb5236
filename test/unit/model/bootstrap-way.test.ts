import { describe, expect, it } from 'vitest';
import { chooseWay, twinScope, usualWay, type WayRequest } from '../../../src/model/bootstrap-way.ts';
import { errorOf } from './error-of.ts';

const asked = (more: Partial<WayRequest>): WayRequest => ({
  ...{
    with: 'auto',
    codename: 'bookworm',
    variant: 'default',
    arch: 'amd64',
    hostArch: 'amd64',
    include: [],
    exclude: [],
  },
  ...more,
});

describe('the way to bootstrap', () => {
  it('is the fast one where that is shown to be right, and debootstrap otherwise', () => {
    for (const codename of ['bookworm', 'trixie', 'forky', 'sid'])
      expect(chooseWay(asked({ codename }))).toEqual({ way: 'fast', why: 'shown to give what debootstrap gives' });
    expect(chooseWay(asked({ codename: 'bullseye' }))).toEqual({
      way: 'debootstrap',
      why: 'the fast way is not shown to be right for bullseye default',
    });
    expect(chooseWay(asked({ codename: 'jammy' })).way).toBe('debootstrap');
    expect(chooseWay(asked({ variant: 'buildd' })).way).toBe('debootstrap');
    expect(chooseWay(asked({ arch: 'riscv64' }))).toEqual({
      way: 'debootstrap',
      why: 'the fast way is not shown to be right for bookworm default on riscv64',
    });
    expect([usualWay('trixie', 'amd64'), usualWay('jammy', 'amd64')]).toEqual(['fast', 'debootstrap']);
  });

  it('is said to be shown right where it was, on a host of amd64', () => {
    const why = 'shown on amd64 to give what debootstrap gives';
    for (const arch of ['amd64', 'armhf', 'arm64'] as const)
      expect(chooseWay(asked({ hostArch: 'arm64', arch }))).toEqual({ way: 'fast', why });
  });

  it('is the one that was asked for, where it can be', () => {
    for (const way of ['fast', 'debootstrap', 'mmdebstrap'] as const)
      expect(chooseWay(asked({ with: way }))).toEqual({ way, why: 'asked for' });
    const wrong = [asked({ with: 'fast', codename: 'bullseye' }), asked({ with: 'mmdebstrap', exclude: ['nano'] })];
    for (const request of wrong) expect(errorOf(() => chooseWay(request)).code).toBe('MSP_WAY_UNFIT');
  });

  it('is the fast one where it is asked for and nobody has compared, if other machines like it were', () => {
    expect(chooseWay(asked({ with: 'fast', arch: 'riscv64' }))).toEqual({
      way: 'fast',
      why: 'asked for, though the fast way is not shown to be right for bookworm default on riscv64',
    });
  });
});

describe('packages that are asked for in more words than a name', () => {
  it('are found by the fast way, where they are versions', () => {
    const include = ['nano=7.2-1', 'less/bookworm', 'dash:amd64', 'bash:native'];
    expect(chooseWay(asked({ include })).way).toBe('fast');
    expect(chooseWay(asked({ include, with: 'fast' }))).toEqual({ way: 'fast', why: 'asked for' });
  });

  it.each([
    [{ include: ['?essential'] }, "'?essential' is a pattern of apt"],
    [{ include: ['nano', 'libc6:i386'] }, "libc6:i386 is not of the machine's architecture"],
    [{ include: ['nano=5'], codename: 'bullseye' }, 'debootstrap takes names only, and not nano=5'],
  ])('%o are left to mmdebstrap where only apt knows them', (more, why) => {
    expect(chooseWay(asked(more))).toEqual({ way: 'mmdebstrap', why });
    expect(errorOf(() => chooseWay(asked({ ...more, exclude: ['nano'] }))).code).toBe('MSP_WAY_UNFIT');
    const error = errorOf(() => chooseWay(asked({ ...more, with: 'debootstrap' })));
    expect([error.code, error.message]).toEqual(['MSP_WAY_UNFIT', expect.stringContaining(why)]);
  });

  it('are no plain names of packages that were compared', () => {
    const request = { codename: 'bookworm', variant: 'default', arch: 'arm64', hostArch: 'amd64' } as const;
    expect(twinScope({ ...request, include: ['nano=7.2-1'] })).toBe('required');
  });
});

describe('native programs in place of emulated ones', () => {
  const scope = (more: Partial<Parameters<typeof twinScope>[0]>) =>
    twinScope({ codename: 'bookworm', variant: 'default', arch: 'arm64', hostArch: 'amd64', include: [], ...more });

  it('serve those packages whose scripts were compared', () => {
    expect([scope({}), scope({ include: ['dbus', 'nano', 'systemd-container'] })]).toEqual(['all', 'all']);
    expect([scope({ include: ['doc-base'] }), scope({ include: ['nano', 'perl'] })]).toEqual(['required', 'required']);
  });

  it('serve nothing that was not compared, nor on another host', () => {
    expect(scope({ codename: 'trixie' })).toBeNull();
    expect([scope({ hostArch: 'arm64', arch: 'armhf' }), scope({ hostArch: 'arm64', arch: 'amd64' })]).toEqual([
      null,
      null,
    ]);
  });
});
