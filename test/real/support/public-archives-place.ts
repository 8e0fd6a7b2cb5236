/** The public archives as one file of tests sees them: served by the test, signed by twins, reached by their real addresses. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startArchiveServer, type ArchiveServer } from '../../archive/archive-server.ts';
import { makeKeyTwins, type KeyTwins } from '../../archive/key-twins.ts';
import { openPrivateNetwork } from '../../archive/private-network.ts';
import { publicHosts } from '../../archive/public-archives.ts';
import { makeTwinProduct } from '../../archive/twin-product.ts';
import { releaseTable as releases } from '../../../src/model/release-table.ts';
import { program, type StartOptions } from './machinespawn.ts';
import { newDirectory } from './shared-place.ts';

export interface PublicArchives {
  readonly server: ArchiveServer;
  readonly twins: KeyTwins;
  /** For `machinespawn`: in the private network, the product that trusts the twins. */
  readonly inside: Pick<StartOptions, 'wrapper' | 'program'> & { readonly wrapper: readonly string[] };
  /** Entry of that product's library. */
  readonly library: string;
  close(): Promise<void>;
}

/** `binds`: more files that stand in the place of the host's. */
export async function openPublicArchives(
  binds: readonly { readonly from: string; readonly to: string }[] = [],
): Promise<PublicArchives> {
  const directory = newDirectory('public');
  const product = join(directory, 'product');
  mkdirSync(product);
  const twins = makeKeyTwins(directory);
  const { program: twinProgram, library } = makeTwinProduct(program, product, twins.twins);
  const network = await openPrivateNetwork({
    directory,
    hosts: publicHosts(releases),
    binds: [{ from: twins.keyrings, to: '/usr/share/keyrings' }, ...binds],
  });
  const server = await startArchiveServer(new Map(), network.listener);
  return {
    server,
    twins,
    inside: { wrapper: network.wrapper, program: twinProgram },
    library,
    close: async () => {
      await server.close();
      await network.close();
      twins.close();
    },
  };
}
