export interface MenuSettings {
  readonly title: string;
  readonly kernelOptions: string;
  /** Such as "ttyS0,115200"; '' for none. */
  readonly serial: string;
  /** Seconds. */
  readonly timeout: number;
}

/** The boot menu. Its values have passed the schema: nothing in them means anything to GRUB. */
export function grubConfig({ title, kernelOptions, serial, timeout }: MenuSettings): string {
  const [port = '', speed = '115200'] = serial.split(',');
  const unit = /^ttyS(\d+)$/u.exec(port)?.[1];
  return [
    `set timeout=${timeout}`,
    'set default=0',
    // Other ports are the firmware's console already.
    ...(unit === undefined
      ? []
      : [`serial --unit=${unit} --speed=${speed}`, 'terminal_input console serial', 'terminal_output console serial']),
    `menuentry '${title}' {`,
    `  linux /live/vmlinuz ${kernelOptions}${serial === '' ? '' : ` console=tty0 console=${serial}`}`,
    '  initrd /live/initrd.img',
    '}',
    '',
  ].join('\n');
}
