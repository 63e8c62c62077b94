/** What a graph can run on: ONNX Runtime's execution providers. */
export const DEVICES = ['cpu', 'cuda', 'webgpu', 'coreml', 'directml'] as const

export type Device = (typeof DEVICES)[number]

/** `OXBOW_DEVICE`, where it is set. */
export const askedDevice = (): string | undefined => process.env.OXBOW_DEVICE || undefined

/** The provider's name where it is another than the device's. */
export const providerOf = (device: Device): string => (device === 'directml' ? 'dml' : device)

/** How to come by a device that this installation of ONNX Runtime does not have. */
export const HOW: Readonly<Record<Device, string>> = {
  cpu: 'it is always there',
  cuda: 'Linux on x64 with CUDA 12 and cuDNN 9 has it after "npm rebuild onnxruntime-node --ignore-scripts=false", which downloads its libraries',
  webgpu: 'it needs a graphics driver (Vulkan, Metal or Direct3D 12)',
  coreml: 'macOS has it',
  directml: 'Windows has it',
}
