package org.pursuit.natives;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.pursuit.natives.Elf.Symbol;

/**
 * The packed manifest beside the packed images, and beside the cubins and PTX that were compressed
 * into them.
 */
class ImagesTest {
  /** Tag of the bytes of a kernel's parameters among what a cubin records of it. */
  private static final int PARAMETER_BYTES = 0x1903;

  private record Kernel(String name, String family, int bytes, List<String> architectures) {}

  private Map<String, byte[]> files;
  private List<Kernel> kernels;

  @BeforeEach
  void open() throws IOException {
    files = NativeJar.files();
    kernels = kernels(NativeJar.packed(NativeJar.IMAGES + "manifest.json", "images"));
  }

  @Test
  void imagesHoldTheArchitecturesOfTheirKernelsAndNoOther() {
    Map<String, Set<String>> expected = new TreeMap<>();
    for (Kernel kernel : kernels) {
      expected
          .computeIfAbsent(NativeJar.IMAGES + kernel.family() + ".fatbin", f -> new TreeSet<>())
          .addAll(kernel.architectures());
    }
    Map<String, Set<String>> found = new TreeMap<>();
    files.forEach(
        (name, bytes) -> {
          if (name.endsWith(".fatbin")) {
            found.put(name, new TreeSet<>(Fatbin.architectures(bytes)));
          }
        });
    assertThat(expected).isNotEmpty();
    assertThat(found).isEqualTo(expected);
  }

  @Test
  void cubinsHoldExactlyTheKernelsOfTheManifest() throws IOException {
    for (Map.Entry<String, Elf> cubin : cubins().entrySet()) {
      Set<String> expected = new TreeSet<>();
      for (Kernel kernel : kernels) {
        if (kernel.architectures().stream()
            .anyMatch(arch -> cubin.getKey().equals(kernel.family() + "." + arch))) {
          expected.add(kernel.name());
        }
      }
      Set<String> found = new TreeSet<>();
      for (Symbol symbol : cubin.getValue().symbols()) {
        if (cubin.getValue().section(".nv.info." + symbol.name()).isPresent()) {
          found.add(symbol.name());
        }
      }
      assertThat(found).as(cubin.getKey()).isEqualTo(expected);
    }
  }

  /** So nvcc lays out the argument struct as g++ does, from which the manifest has its size. */
  @Test
  void cubinsTakeAsManyParameterBytesAsTheManifestTells() throws IOException {
    Map<String, Elf> cubins = cubins();
    for (Kernel kernel : kernels) {
      for (String arch : kernel.architectures()) {
        if (arch.startsWith("sm_")) {
          Elf cubin = cubins.get(kernel.family() + "." + arch);
          assertThat(parameterBytes(cubin, kernel.name()))
              .as(kernel.name() + " for " + arch)
              .isEqualTo(kernel.bytes());
        }
      }
    }
  }

  /** The build has compared what the kernels need with what stands there. */
  @Test
  void tablesOfResourcesNameEveryKernelAndNoOther() throws IOException {
    Map<String, Set<String>> expected = new TreeMap<>();
    for (Kernel kernel : kernels) {
      expected.computeIfAbsent(kernel.family() + ".txt", f -> new TreeSet<>()).add(kernel.name());
    }
    Map<String, Set<String>> found = new TreeMap<>();
    try (Stream<Path> tables = Files.list(Path.of("resources"))) {
      for (Path table : tables.toList()) {
        Set<String> names = new TreeSet<>();
        for (String line : Files.readAllLines(table)) {
          if (!line.startsWith("#")) {
            names.add(line.substring(0, line.indexOf(' ')));
          }
        }
        found.put(table.getFileName().toString(), names);
      }
    }
    assertThat(found)
        .as("cure: cmake --build native-build/target/cmake --target resources")
        .isEqualTo(expected);
  }

  @Test
  void ptxHoldsTheKernelsOfTheManifest() throws IOException {
    for (Kernel kernel : kernels) {
      assertThat(kernel.architectures()).as(kernel.name()).anyMatch(a -> a.startsWith("compute_"));
      for (String arch : kernel.architectures()) {
        if (arch.startsWith("compute_")) {
          assertThat(Files.readString(work().resolve(kernel.family() + "." + arch + ".ptx")))
              .contains(".visible .entry " + kernel.name() + "(");
        }
      }
    }
  }

  /** By family and architecture, such as "selection.sm_90". */
  private Map<String, Elf> cubins() throws IOException {
    Map<String, Elf> cubins = new TreeMap<>();
    for (Kernel kernel : kernels) {
      for (String arch : kernel.architectures()) {
        String name = kernel.family() + "." + arch;
        if (arch.startsWith("sm_") && !cubins.containsKey(name)) {
          cubins.put(name, new Elf(Files.readAllBytes(work().resolve(name + ".cubin"))));
        }
      }
    }
    return cubins;
  }

  private static int parameterBytes(Elf cubin, String kernel) {
    ByteBuffer info = cubin.section(".nv.info." + kernel).orElseThrow().bytes();
    // Records of a 16-bit tag and a 16-bit value; after a tag of the form 0x..04 follow that many
    // bytes.
    for (int at = 0; at < info.limit(); at += 4) {
      int value = info.getShort(at + 2);
      if (info.getShort(at) == PARAMETER_BYTES) {
        return value;
      }
      if (info.get(at) == 4) {
        at += value;
      }
    }
    throw new AssertionError(kernel + " has no record of its parameters");
  }

  private static Path work() {
    return NativeJar.work().resolve("images");
  }

  private static List<Kernel> kernels(byte[] manifest) throws IOException {
    List<Kernel> kernels = new ArrayList<>();
    try (JsonParser parser = new JsonFactory().createParser(manifest)) {
      while (!"entries".equals(parser.currentName())) {
        parser.nextToken();
      }
      parser.nextToken();
      while (parser.nextToken() == JsonToken.START_OBJECT) {
        kernels.add(kernel(parser));
      }
    }
    return kernels;
  }

  private static Kernel kernel(JsonParser parser) throws IOException {
    String name = "";
    String family = "";
    int bytes = 0;
    List<String> architectures = new ArrayList<>();
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String field = parser.currentName();
      parser.nextToken();
      switch (field) {
        case "name" -> name = parser.getText();
        case "family" -> family = parser.getText();
        case "argumentBytes" -> bytes = parser.getIntValue();
        case "architectures" -> {
          while (parser.nextToken() != JsonToken.END_ARRAY) {
            if ("arch".equals(parser.currentName())
                && parser.currentToken() == JsonToken.VALUE_STRING) {
              architectures.add(parser.getText());
            }
          }
        }
        default -> parser.skipChildren();
      }
    }
    return new Kernel(name, family, bytes, architectures);
  }
}
