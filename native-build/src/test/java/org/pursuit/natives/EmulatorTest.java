package org.pursuit.natives;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import jcuda.JCudaVersion;
import jcuda.jcublas.JCublas2;
import org.junit.jupiter.api.Test;
import org.pursuit.natives.Elf.Symbol;

/**
 * The emulator's libraries beside the native parts of the real JCuda: a name that were missing
 * would end the JVM at the call, instead of being refused.
 */
class EmulatorTest {
  @Test
  void theDriverHasEveryNameThatJcudaImports() throws IOException {
    assertThat(exported("libcuda.so.1"))
        .containsAll(imported("JCudaDriver", symbol -> symbol.name().matches("cu[A-Z].*")));
  }

  @Test
  void cublasHasEveryNameThatJcublasImports() throws IOException {
    assertThat(exported("libcublas.so.12"))
        .containsAll(imported("JCublas2", symbol -> symbol.version().equals("libcublas.so.12")));
  }

  private static Set<String> exported(String library) throws IOException {
    Path file = Path.of(System.getProperty("pursuit.native.tree"), "out", "emulator", library);
    assumeTrue(Files.exists(file), "this machine did not build the emulator");
    return names(new Elf(Files.readAllBytes(file)), Symbol::defined);
  }

  private static Set<String> imported(String library, Predicate<Symbol> ours) throws IOException {
    String name = "/lib/lib" + library + "-" + JCudaVersion.get() + "-linux-x86_64.so";
    try (InputStream in = JCublas2.class.getResourceAsStream(name)) {
      Set<String> names =
          names(new Elf(in.readAllBytes()), symbol -> !symbol.defined() && ours.test(symbol));
      assertThat(names).hasSizeGreaterThan(100);
      return names;
    }
  }

  private static Set<String> names(Elf library, Predicate<Symbol> which) {
    return library.dynamicSymbols().stream()
        .filter(which)
        .map(Symbol::name)
        .collect(Collectors.toSet());
  }
}
