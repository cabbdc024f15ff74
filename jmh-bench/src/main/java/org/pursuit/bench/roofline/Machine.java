package org.pursuit.bench.roofline;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The machine that this JVM runs on.
 *
 * @param processor the processor's model
 * @param cores the processors that the JVM may use
 * @param memoryBytes the physical memory, or that of the container
 * @param cacheBytes the last-level caches of all cores together; 0 where that is not known
 * @param system operating system, its version and the architecture
 */
public record Machine(
    String processor, int cores, long memoryBytes, long cacheBytes, String system) {
  private static final Path CPUINFO = Path.of("/proc/cpuinfo");
  private static final Path CPUS = Path.of("/sys/devices/system/cpu");

  /** The machine that this JVM runs on. */
  public static Machine current() {
    return new Machine(
        processorModel(),
        Runtime.getRuntime().availableProcessors(),
        memory(),
        cache(),
        String.join(
            " ",
            System.getProperty("os.name"),
            System.getProperty("os.version"),
            System.getProperty("os.arch")));
  }

  private static String processorModel() {
    try (Stream<String> lines = Files.lines(CPUINFO)) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse(System.getProperty("os.arch"));
    } catch (IOException e) {
      return System.getProperty("os.arch");
    }
  }

  private static long memory() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
        ? system.getTotalMemorySize()
        : 0;
  }

  /** Linux lists, for each processor, its caches and the processors that share them. */
  private static long cache() {
    Map<String, Long> lastLevel = new HashMap<>();
    try (DirectoryStream<Path> cpus = Files.newDirectoryStream(CPUS, "cpu[0-9]*")) {
      for (Path cpu : cpus) {
        Path caches = cpu.resolve("cache");
        Path last = caches.resolve("index3");
        Path used = Files.exists(last) ? last : caches.resolve("index2");
        if (Files.exists(used)) {
          lastLevel.put(read(used.resolve("shared_cpu_list")), bytes(read(used.resolve("size"))));
        }
      }
    } catch (IOException | NumberFormatException e) {
      return 0;
    }
    return lastLevel.values().stream().mapToLong(Long::longValue).sum();
  }

  private static String read(Path file) throws IOException {
    return Files.readString(file).strip();
  }

  /** The size that Linux writes as {@code 32768K}. */
  private static long bytes(String size) {
    return Long.parseLong(size.replaceAll("\\D", "")) << (size.endsWith("M") ? 20 : 10);
  }
}
