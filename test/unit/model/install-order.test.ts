import { describe, expect, it } from 'vitest';
import { flatOrder, installOrder } from '../../../src/model/install-order.ts';
import type { SelectedPackage } from '../../../src/model/package-selection.ts';

const selected = (name: string, more: Partial<SelectedPackage> = {}): SelectedPackage => ({
  ...{ name, version: '1', arch: 'all', priority: 'optional', section: 'x', essential: false, multiArch: null },
  ...{ preDepends: [], depends: [], mirror: 'http://x', filename: 'x', sizeBytes: 1, sha256: 'a', stage: 'base' },
  ...more,
});
const names = (packages: readonly { readonly name: string }[]): string[] => packages.map(({ name }) => name);

describe('the order of installing', () => {
  it("is debootstrap's: core, required, what others pre-depend on, the rest", () => {
    // What bookworm's default variant has of it, in short.
    const order = installOrder({
      packages: [
        selected('base-files', { stage: 'required' }),
        selected('base-passwd', { stage: 'required' }),
        selected('bash', { stage: 'required' }),
        selected('cron', { preDepends: ['cron-daemon-common'] }),
        selected('cron-daemon-common'),
        selected('dmsetup'),
        selected('init', { preDepends: ['systemd-sysv'] }),
        selected('libssl3'),
        selected('nano'),
        selected('systemd', { preDepends: ['libssl3', 'bash'], depends: ['dmsetup'] }),
        selected('systemd-sysv', { preDepends: ['systemd'] }),
      ],
    });
    expect(names(order.core)).toEqual(['base-passwd', 'base-files']);
    expect(names(order.required)).toEqual(['bash']);
    // As a log of debootstrap 1.0.128 has it.
    expect(order.groups.map(names)).toEqual([
      ['libssl3'],
      ['dmsetup', 'systemd'],
      ['systemd-sysv'],
      ['cron-daemon-common'],
    ]);
    expect(names(order.rest)).toEqual(['cron', 'init', 'nano']);
    expect(flatOrder(order).length).toBe(11);
  });

  it('ends where packages pre-depend on each other', () => {
    const packages = [selected('a', { preDepends: ['b'] }), selected('b', { preDepends: ['a'] })];
    expect(names(flatOrder(installOrder({ packages }))).toSorted()).toEqual(['a', 'b']);
  });
});
