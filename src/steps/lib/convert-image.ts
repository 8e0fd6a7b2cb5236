/** Makes a raw image of a qcow2 image by qemu-img, which takes what is cut off of it for zeros and says nothing. */
import { fail, MachinespawnError } from '../../errors/machinespawn-error.ts';
import type { StepServices } from '../../host/services.ts';

/** Of `qemu-img check`: all is well; there is space in it that nothing needs. */
const soundCodes = [0, 3];

/** `name`: what the user calls it. Throws MSP_IMAGE_DAMAGED, MSP_IMAGE_REFUSED, MSP_DISK_FULL, MSP_TOOL_MISSING. */
export async function convertImage(
  services: Pick<StepServices, 'exec'>,
  image: { readonly name: string; readonly from: string; readonly to: string },
): Promise<void> {
  const { name, from, to } = image;
  try {
    await services.exec({
      file: 'qemu-img',
      args: ['check', '-q', '-f', 'qcow2', from],
      okCodes: soundCodes,
      label: 'check',
    });
    const args = ['convert', '-f', 'qcow2', '-O', 'raw', '-S', '64k', from, to];
    await services.exec({ file: 'qemu-img', args, label: 'convert' });
  } catch (error) {
    const isJudged =
      MachinespawnError.is(error) && error.code === 'MSP_TOOL_FAILED' && typeof error.data['signal'] !== 'string';
    if (!isJudged) throw error;
    const lines = String(error.data['tail']).split('\n');
    const problem = lines.find((line) => line !== '') ?? 'qemu-img cannot read it';
    if (lines.some((line) => line.endsWith('File too large')))
      throw fail('MSP_IMAGE_REFUSED', { archive: name, problem: 'it is larger than a file can be here' }, error);
    throw fail('MSP_IMAGE_DAMAGED', { archive: name, problem }, error);
  }
}
