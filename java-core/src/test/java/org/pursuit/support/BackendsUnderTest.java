package org.pursuit.support;

import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.pursuit.Backends;

/**
 * The backends that the contract suite runs on: all that are usable here, or those of them that
 * {@code -Dpursuit.testBackends=cuda} names. Those of them that {@code
 * -Dpursuit.requireBackends=scalar,vector} names must be usable.
 */
public final class BackendsUnderTest {
  /** System property that lists the backends which must be usable. */
  public static final String REQUIRED = "pursuit.requireBackends";

  /** System property that lists the backends to test, if not all. */
  public static final String TESTED = "pursuit.testBackends";

  private BackendsUnderTest() {}

  /** Every usable backend, best first. */
  public static Stream<BackendUnderTest> usable() {
    List<String> missing = missing();
    if (!missing.isEmpty()) {
      throw new IllegalStateException("required backends are unusable: " + missing);
    }
    List<String> tested = names(TESTED);
    return Backends.diagnose().stream()
        .filter(diagnosis -> tested.isEmpty() || tested.contains(diagnosis.name()))
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

  /** The backends to be tested here that are required and cannot be used, each with its reason. */
  public static List<String> missing() {
    List<String> tested = names(TESTED);
    return names(REQUIRED).stream()
        .filter(name -> tested.isEmpty() || tested.contains(name))
        .flatMap(BackendsUnderTest::whyMissing)
        .toList();
  }

  private static List<String> names(String property) {
    return Arrays.stream(System.getProperty(property, "").split(","))
        .map(String::strip)
        .filter(name -> !name.isEmpty())
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
