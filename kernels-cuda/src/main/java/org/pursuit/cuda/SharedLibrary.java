package org.pursuit.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Asks the system's loader for a library. JCuda's own attempt, once failed, leaves a class that
 * cannot be used any more and a message that hides the reason; this asks beforehand.
 */
final class SharedLibrary {
  /** From dlfcn.h of Linux. */
  private static final int RTLD_NOW = 2;

  private SharedLibrary() {}

  /**
   * Loads a library for good.
   *
   * @param name a name that the loader looks for, or a path
   * @return null if it is loaded now, else the loader's words
   */
  @SuppressWarnings("restricted")
  static String problem(String name) {
    Linker linker = Linker.nativeLinker();
    MethodHandle open =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("dlopen"),
            FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
    MethodHandle error =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("dlerror"),
            FunctionDescriptor.of(ValueLayout.ADDRESS));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment library = (MemorySegment) open.invokeExact(arena.allocateFrom(name), RTLD_NOW);
      return library.address() != 0 ? null : text((MemorySegment) error.invokeExact(), name);
    } catch (Throwable t) {
      throw new IllegalStateException("the loader could not be asked for " + name, t);
    }
  }

  @SuppressWarnings("restricted")
  private static String text(MemorySegment words, String name) {
    return words.address() == 0
        ? name + " does not load"
        : words.reinterpret(Long.MAX_VALUE).getString(0);
  }
}
