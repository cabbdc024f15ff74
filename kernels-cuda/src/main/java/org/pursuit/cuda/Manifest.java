package org.pursuit.cuda;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What the build wrote down about the kernels in the images: the toolkit that made them, and one
 * entry a kernel.
 */
final class Manifest {
  /**
   * A kernel.
   *
   * @param family the image that holds it
   * @param threads the threads a block that it was compiled for
   * @param cluster blocks a cluster; 1 without
   * @param argumentBytes size of its argument struct
   * @param architectures what the image holds it for: "sm_90", or "compute_80" for PTX
   */
  record Entry(
      String name,
      String family,
      int threads,
      int cluster,
      int argumentBytes,
      List<String> architectures) {
    /**
     * Whether a device can run it: by machine code for its architecture, or for an earlier one of
     * the same generation, or by PTX of any earlier one.
     */
    boolean runsOn(Device device) {
      return architectures.stream().anyMatch(a -> covers(a, device.capability()));
    }

    private static boolean covers(String architecture, int capability) {
      int at = architecture.indexOf('_') + 1;
      int built = Integer.parseInt(architecture, at, architecture.length(), 10);
      return built <= capability
          && (architecture.startsWith("compute_") || built / 10 == capability / 10);
    }
  }

  private final Map<String, Entry> entries = new HashMap<>();
  private int toolkit;

  private Manifest() {}

  /** Reads a manifest; {@code source} is for messages. */
  static Manifest parse(byte[] json, String source) {
    Manifest manifest = new Manifest();
    try (JsonParser parser = new JsonFactory().createParser(json)) {
      new Reader(parser, source).document(manifest);
      return manifest;
    } catch (IOException e) {
      throw new IllegalStateException(source + ": not a manifest of kernels: " + e.getMessage(), e);
    }
  }

  /** The major release of CUDA whose nvcc made the images. */
  int toolkit() {
    return toolkit;
  }

  /** The kernel called {@code name}, or null. */
  Entry entry(String name) {
    return entries.get(name);
  }

  /** A kernel that a device needs and cannot run, or null. Only some devices have clusters. */
  Entry missingOn(Device device) {
    return entries.values().stream()
        .filter(entry -> entry.cluster() == 1 || device.clusters())
        .filter(entry -> !entry.runsOn(device))
        .findFirst()
        .orElse(null);
  }

  /** Reads what it knows and skips what it does not. */
  private record Reader(JsonParser parser, String source) {
    void document(Manifest manifest) throws IOException {
      require(parser.nextToken() == JsonToken.START_OBJECT);
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String field = parser.currentName();
        parser.nextToken();
        switch (field) {
          case "toolkit" -> manifest.toolkit = major(parser.getText());
          case "entries" -> entries(manifest.entries);
          default -> parser.skipChildren();
        }
      }
      require(manifest.toolkit > 0 && !manifest.entries.isEmpty());
    }

    private void entries(Map<String, Entry> found) throws IOException {
      require(parser.currentToken() == JsonToken.START_ARRAY);
      while (parser.nextToken() == JsonToken.START_OBJECT) {
        Entry entry = entry();
        found.put(entry.name(), entry);
      }
    }

    private int major(String release) {
      require(release.matches("[1-9]\\d{0,2}\\.\\d+"));
      return Integer.parseInt(release, 0, release.indexOf('.'), 10);
    }

    private Entry entry() throws IOException {
      String name = null;
      String family = null;
      int threads = 0;
      int cluster = 0;
      int argumentBytes = 0;
      List<String> architectures = new ArrayList<>();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String field = parser.currentName();
        parser.nextToken();
        switch (field) {
          case "name" -> name = parser.getText();
          case "family" -> family = parser.getText();
          case "threads" -> threads = parser.getIntValue();
          case "cluster" -> cluster = parser.getIntValue();
          case "argumentBytes" -> argumentBytes = parser.getIntValue();
          case "architectures" -> architectures(architectures);
          default -> parser.skipChildren();
        }
      }
      require(name != null && family != null && threads > 0 && cluster > 0 && argumentBytes > 0);
      return new Entry(name, family, threads, cluster, argumentBytes, List.copyOf(architectures));
    }

    private void architectures(List<String> found) throws IOException {
      require(parser.currentToken() == JsonToken.START_ARRAY);
      while (parser.nextToken() == JsonToken.START_OBJECT) {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
          boolean arch = parser.currentName().equals("arch");
          parser.nextToken();
          if (arch) {
            found.add(parser.getText());
          } else {
            parser.skipChildren();
          }
        }
      }
    }

    private void require(boolean condition) {
      if (!condition) {
        throw new IllegalStateException(
            source + ": not a manifest of kernels at " + parser.currentLocation().getLineNr());
      }
    }
  }
}
