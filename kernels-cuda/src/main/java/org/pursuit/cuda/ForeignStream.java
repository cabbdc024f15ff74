package org.pursuit.cuda;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import jcuda.driver.CUstream;

/** Streams of other libraries, given as the driver's handle. */
final class ForeignStream {
  private static final MethodHandle NEW;

  static {
    try {
      // JCuda makes streams of handles for itself only.
      NEW =
          MethodHandles.privateLookupIn(CUstream.class, MethodHandles.lookup())
              .findConstructor(CUstream.class, MethodType.methodType(void.class, long.class));
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private ForeignStream() {}

  /**
   * @param handle a {@code CUstream} or {@code cudaStream_t}; 0 is the default stream
   */
  static CUstream of(long handle) {
    try {
      return (CUstream) NEW.invokeExact(handle);
    } catch (Throwable t) {
      throw new IllegalStateException("no stream could be made of handle " + handle, t);
    }
  }
}
