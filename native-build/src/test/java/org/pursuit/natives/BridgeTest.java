package org.pursuit.natives;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import jcuda.JCudaVersion;
import jcuda.jcublas.JCublas2;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.pursuit.natives.Elf.Symbol;

/** The packed bridge beside the native part of the real JCublas2. */
class BridgeTest {
  private static final String CUBLAS_12 = "libcublas.so.12";

  private Elf bridge;

  @BeforeEach
  void open() {
    bridge = new Elf(NativeJar.packed(NativeJar.BRIDGE, "bridge"));
  }

  @Test
  void isCublas12ToTheLoader() {
    assertThat(bridge.dynamic(Elf.SONAME)).containsExactly(CUBLAS_12);
    assertThat(jcublas().dynamic(Elf.NEEDED)).contains(CUBLAS_12);
  }

  @Test
  void exportsWhatJcublasImportsWithItsVersionAndNothingElse() {
    Set<Symbol> imported =
        jcublas().dynamicSymbols().stream()
            .filter(symbol -> !symbol.defined() && symbol.name().startsWith("cublas"))
            .collect(Collectors.toSet());
    assertThat(imported).isNotEmpty().allMatch(symbol -> symbol.version().equals(CUBLAS_12));

    assertThat(bridge.dynamicSymbols())
        .filteredOn(symbol -> symbol.defined() && !symbol.name().equals(CUBLAS_12))
        .extracting(Symbol::name, Symbol::version)
        .containsExactlyInAnyOrderElementsOf(
            imported.stream().map(s -> tuple(s.name(), s.version())).toList());
  }

  /** Whatever runs CUDA 13 has this version of the C library: Ubuntu 22.04, Debian 12, RHEL 9. */
  @Test
  void needsNothingButAnOrdinaryCLibrary() {
    assertThat(bridge.dynamic(Elf.NEEDED)).isSubsetOf("libc.so.6", "libdl.so.2");
    assertThat(bridge.dynamicSymbols())
        .filteredOn(symbol -> symbol.version().startsWith("GLIBC_"))
        .isNotEmpty()
        .allMatch(symbol -> minor(symbol.version()) <= 34);
  }

  @Test
  void searchesNoFolderOfItsOwn() {
    assertThat(bridge.dynamic(Elf.RPATH)).isEmpty();
    assertThat(bridge.dynamic(Elf.RUNPATH)).isEmpty();
  }

  /** GLIBC_2.34 is 34. */
  private static int minor(String version) {
    return Integer.parseInt(List.of(version.split("\\.")).get(1));
  }

  private static Elf jcublas() {
    String name = "/lib/libJCublas2-" + JCudaVersion.get() + "-linux-x86_64.so";
    try (InputStream in = JCublas2.class.getResourceAsStream(name)) {
      return new Elf(in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
