import { describeStore } from './store-suite.ts';

describeStore('copy', 'ext4');
describeStore('overlay', 'ext4');
describeStore('btrfs', 'btrfs');
describeStore('overlay', 'xfs');
describeStore('copy', 'xfs');
