import { describe, expect, it } from 'vitest';
import { chooseWay, usualWay, type WayRequest } from '../../../src/model/bootstrap-way.ts';
import { errorOf } from './error-of.ts';

const asked = (more: Partial<WayRequest>): WayRequest => ({
  ...{ with: 'auto', codename: 'bookworm', variant: 'default', arch: 'amd64', exclude: [] },
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
