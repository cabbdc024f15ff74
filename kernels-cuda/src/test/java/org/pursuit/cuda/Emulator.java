package org.pursuit.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.pursuit.BackendOptions;
import org.pursuit.Backends;

/**
 * The emulated device: its settings, faults to inject, and what lives on it. As an extension it
 * asserts after each test that nothing is left, and undoes the settings.
 */
@SuppressWarnings("restricted")
final class Emulator implements BeforeEachCallback, AfterEachCallback {
  private static final String[] ALIVE = {
    "allocations", "allocatedBytes", "pinned", "streams", "events", "modules", "graphs", "contexts"
  };

  private static final MethodHandle SET;
  private static final MethodHandle GET;

  static {
    Linker linker = Linker.nativeLinker();
    SymbolLookup library = SymbolLookup.libraryLookup("libcuda.so.1", Arena.global());
    SET =
        linker.downcallHandle(
            library.findOrThrow("simtSet"),
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG));
    GET =
        linker.downcallHandle(
            library.findOrThrow("simtGet"),
            FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.ADDRESS));
  }

  /** Opens a backend on the emulated device. */
  static CudaBackend open() {
    return open(BackendOptions.defaults());
  }

  static CudaBackend open(BackendOptions options) {
    return (CudaBackend) Backends.open(CudaProvider.NAME, options);
  }

  /** Changes a setting, or orders a fault. */
  static void set(String name, long value) {
    try (Arena arena = Arena.ofConfined()) {
      int known = (int) SET.invokeExact(arena.allocateFrom(name), value);
      assertThat(known).as("setting " + name).isEqualTo(1);
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /** A setting, or a count of what lives or happened. */
  static long get(String name) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocateFrom(name);
      return (long) GET.invokeExact(text);
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    afterEach(context);
    // The provider examines the machine once, which must not be amid a test's faults.
    assertThat(new CudaProvider().probe().usable()).isTrue();
  }

  @Override
  public void afterEach(ExtensionContext context) {
    set("defaults", 0);
    assertNothingAlive();
  }

  /** How many things live on the device, the bytes of its memory apart. */
  static long alive() {
    return Stream.of(ALIVE)
        .filter(name -> !name.equals("allocatedBytes"))
        .mapToLong(Emulator::get)
        .sum();
  }

  /** Nothing of any backend is left on the device. */
  static void assertNothingAlive() {
    for (String name : ALIVE) {
      assertThat(get(name)).as(name + " alive on the device").isZero();
    }
  }
}
