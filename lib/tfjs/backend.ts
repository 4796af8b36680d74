// The backend: the cpu backend, with outputs that are recycled.
import { stateError } from '../errors.js';
import { core, cpu, type DataType, type Entry, type PlainDType, type TensorInfo } from './core.js';
import { Recycler } from './recycler.js';

type DataId = TensorInfo['dataId'];
type Values = Parameters<InstanceType<typeof cpu.MathBackendCPU>['write']>[0];

/** TensorFlow.js creates backends anew, in tests often: what waits for being used again outlives them. */
export const recycler = new Recycler(process.env.EVENKEEL_TFJS_POISON === '1');

/** Data that is there, or a clear error: TensorFlow.js's own says that a property of undefined can't be read. */
class Storage extends core.DataStorage<Entry> {
  override get(dataId: DataId): Entry {
    try {
      return super.get(dataId);
    } catch (cause) {
      if (core.engine().state.tensorInfo.has(dataId)) throw cause;
      throw Object.assign(stateError('evenkeel', 'a tensor is used that was disposed of'), { cause });
    }
  }
}

/**
 * A backend of TensorFlow.js: the cpu backend's kernels, of which those in `nativeKernels` run in evenkeel's native core, and
 * fall back to the cpu backend's where they do not apply. Registered as 'evenkeel' by the import of this package.
 */
export class EvenkeelBackend extends cpu.MathBackendCPU {
  constructor() {
    super();
    this.data = new Storage(this, core.engine()) as unknown as typeof this.data;
    // The cpu backend advises to install another backend at the first write.
    (this as unknown as { firstUse: boolean }).firstUse = false;
  }

  /** @internal An array for an output, with arbitrary elements. */
  take<D extends PlainDType>(dtype: D, length: number) {
    return recycler.take(dtype, length);
  }

  override write(values: Values, shape: number[], dtype: DataType): DataId {
    recycler.retain(values);
    return super.write(values, shape, dtype);
  }

  override move(dataId: DataId, values: Values, shape: number[], dtype: DataType, refCount: number): void {
    recycler.retain(values);
    super.move(dataId, values, shape, dtype, refCount);
  }

  override disposeData(dataId: DataId, force = false): boolean {
    const entry = this.data.has(dataId) ? (this.data.get(dataId) as Entry) : undefined;
    const gone = super.disposeData(dataId, force);
    if (entry !== undefined && !this.data.has(dataId)) recycler.release(entry.values);
    return gone;
  }

  override readSync(dataId: DataId): ReturnType<InstanceType<typeof cpu.MathBackendCPU>['readSync']> {
    recycler.hold((this.data.get(dataId) as Entry).values);
    return super.readSync(dataId);
  }
}
