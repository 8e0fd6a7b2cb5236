/** Makes small .deb files that are real ones in all but their content. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { tarEnd, tarOf, type TarFile } from '../../src/model/tar-file.ts';

export interface DebSpec {
  /** The control file; @default one of the package "demo" */
  readonly control?: string;
  /** Files beside it in the control member. */
  readonly scripts?: Readonly<Record<string, string>>;
  readonly files?: readonly TarFile[];
  /** Name of the control member, and how it is packed. @default control.tar.gz, by gzip */
  readonly controlMember?: readonly [name: string, pack: (tar: Buffer) => Buffer];
  /** Name of the data member. @default data.tar.gz */
  readonly dataMember?: string;
  /** The data member as it is, in place of `files`. */
  readonly data?: Buffer;
}

export const demoControl = 'Package: demo\nVersion: 1.0\nArchitecture: all\nMaintainer: A <a@b>\nDescription: demo\n';

export function debFile(spec: DebSpec = {}): Buffer {
  const { control = demoControl, scripts = {}, files = [], dataMember, data } = spec;
  const [controlMember, pack] = spec.controlMember ?? ['control.tar.gz', gzipSync];
  const controlFiles = [
    { path: './control', content: control, mode: 0o644 },
    ...Object.entries(scripts).map(([name, content]) => ({ path: `./${name}`, content, mode: 0o755 })),
  ];
  const whole = Buffer.concat([tarOf(files), tarEnd]);
  return Buffer.concat([
    Buffer.from('!<arch>\n'),
    arMember('debian-binary', Buffer.from('2.0\n')),
    arMember(controlMember, pack(Buffer.concat([tarOf(controlFiles), tarEnd]))),
    arMember(dataMember ?? 'data.tar.gz', data ?? gzipSync(whole)),
  ]);
}

export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

function arMember(name: string, content: Buffer): Buffer {
  const fields = [name.padEnd(16), '0'.padEnd(12), '0'.padEnd(6), '0'.padEnd(6), '100644'.padEnd(8)];
  const head = `${fields.join('')}${String(content.length).padEnd(10)}\`\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), content, Buffer.alloc(content.length % 2, '\n')]);
}
