/** What a result was measured on: without it a number says nothing. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { arch, cpus, loadavg, release, totalmem } from 'node:os';

/** @param place a path on the disk that was measured */
export function describeMachine(place: string): readonly string[] {
  const [first] = cpus();
  const [fileSystem = '?', source = '?'] = execFileSync('findmnt', ['-no', 'FSTYPE,SOURCE', '-T', place], {
    encoding: 'utf8',
  })
    .trim()
    .split(/\s+/u);
  return [
    `${cpus().length} cores (${first?.model ?? 'unknown'}, ${arch()}), ${Math.round(totalmem() / 1024 ** 3)} GiB of memory`,
    `${fileSystem} on ${source}, ${diskKind(source)}`,
    `Linux ${release()}, ${osName()}, Node ${process.versions.node}`,
    `load average ${loadavg()[0]?.toFixed(1)} at the start, ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`,
  ];
}

function diskKind(source: string): string {
  const disk = source.replace(/^\/dev\//u, '').replace(/(?<=nvme\d+n\d+)p\d+$|(?<=[a-z])\d+$/u, '');
  // What a virtual disk says of itself is not about the disk behind it.
  if (disk.startsWith('vd')) return 'virtual disk';
  try {
    return readFileSync(`/sys/block/${disk}/queue/rotational`, 'utf8').trim() === '1'
      ? 'rotating disk'
      : 'solid state or virtual disk';
  } catch {
    return 'kind of disk unknown';
  }
}

function osName(): string {
  return /^PRETTY_NAME="?(.*?)"?$/mu.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown system';
}
