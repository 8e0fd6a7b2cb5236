import { describe, expect, it } from 'vitest';
import { chooseWay, mayUseTwins, usualWay, type WayRequest } from '../../../src/model/bootstrap-way.ts';
import { errorOf } from './error-of.ts';

const asked = (more: Partial<WayRequest>): WayRequest => ({
  ...{ with: 'auto', codename: 'bookworm', variant: 'default', exclude: [] },
  ...more,
});

describe('the way to bootstrap', () => {
  it('is the fast one where that is shown to be right, and debootstrap otherwise', () => {
    for (const codename of ['bookworm', 'trixie', 'forky', 'sid'])
      expect(chooseWay(asked({ codename }))).toEqual({ way: 'fast', why: 'shown to give what debootstrap gives' });
    expect(chooseWay(asked({ codename: 'bullseye' }))).toEqual({
      way: 'debootstrap',
      why: 'the fast way is not shown to be right for bullseye',
    });
    expect(chooseWay(asked({ codename: 'jammy' })).way).toBe('debootstrap');
    expect(chooseWay(asked({ variant: 'buildd' })).way).toBe('debootstrap');
    expect([usualWay('trixie'), usualWay('jammy')]).toEqual(['fast', 'debootstrap']);
  });

  it('is the one that was asked for, where it can be', () => {
    for (const way of ['fast', 'debootstrap', 'mmdebstrap'] as const)
      expect(chooseWay(asked({ with: way }))).toEqual({ way, why: 'asked for' });
    const wrong = [
      asked({ with: 'fast', codename: 'bullseye' }),
      asked({ with: 'fast', variant: 'buildd' }),
      asked({ with: 'mmdebstrap', exclude: ['nano'] }),
    ];
    for (const request of wrong) expect(errorOf(() => chooseWay(request)).code).toBe('MSP_WAY_UNFIT');
  });

  it('has native programs stand in only where a test shows that it makes no difference', () => {
    expect((['arm64', 'armhf', 'riscv64'] as const).map((arch) => mayUseTwins('bookworm', 'minbase', arch))).toEqual([
      true,
      true,
      false,
    ]);
    expect(mayUseTwins('sid', 'minbase', 'arm64')).toBe(false);
    expect(mayUseTwins('bookworm', 'default', 'arm64')).toBe(false);
  });
});
