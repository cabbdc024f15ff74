package org.pursuit.support;

import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.pursuit.Backends;

/**
 * The backends that the contract suite runs on: all that are usable here. Those that {@code
 * -Dpursuit.requireBackends=scalar,vector} names must be among them.
 */
public final class BackendsUnderTest {
  /** System property that lists the backends which must be usable. */
  public static final String REQUIRED = "pursuit.requireBackends";

  private BackendsUnderTest() {}

  /** Every usable backend, best first. */
  public static Stream<BackendUnderTest> usable() {
    List<String> missing = missing();
    if (!missing.isEmpty()) {
      throw new IllegalStateException("required backends are unusable: " + missing);
    }
    return Backends.diagnose().stream()
        .filter(diagnosis -> diagnosis.probe().usable())
        .map(diagnosis -> new BackendUnderTest(diagnosis.name()));
  }

  /** Runs {@code test} on every usable backend, opened with one thread: for laws tried often. */
  public static void each(Consumer<Lab> test) {
    usable()
        .forEach(
            backend -> {
              try (Lab lab = backend.open(1)) {
                test.accept(lab);
              }
            });
  }

  /** The required backends that cannot be used, each with its reason. */
  public static List<String> missing() {
    return Arrays.stream(System.getProperty(REQUIRED, "").split(","))
        .map(String::strip)
        .filter(name -> !name.isEmpty())
        .flatMap(BackendsUnderTest::whyMissing)
        .toList();
  }

  private static Stream<String> whyMissing(String name) {
    List<Backends.Diagnosis> found =
        Backends.diagnose().stream().filter(diagnosis -> diagnosis.name().equals(name)).toList();
    if (found.isEmpty()) {
      return Stream.of(name + ": not on the class path");
    }
    return found.stream().filter(d -> !d.probe().usable()).map(Backends.Diagnosis::toString);
  }
}
