package org.pursuit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.pursuit.scalar.ScalarProvider;
import org.pursuit.spi.BackendProvider;
import org.pursuit.spi.Probe;
import org.pursuit.support.BackendUnderTest;
import org.pursuit.support.EveryBackend;
import org.pursuit.support.Lab;

/** Finding and opening backends. */
class BackendsTest {
  private final String property = System.getProperty(Backends.PROPERTY);

  @BeforeEach
  void clearProperty() {
    System.clearProperty(Backends.PROPERTY);
  }

  @AfterEach
  void restoreProperty() {
    if (property == null) {
      System.clearProperty(Backends.PROPERTY);
    } else {
      System.setProperty(Backends.PROPERTY, property);
    }
  }

  @Test
  void openTakesTheFirstUsableAndSaysWhy() {
    List<Backends.Diagnosis> diagnoses = Backends.diagnose();
    List<String> passedOver =
        diagnoses.stream()
            .takeWhile(diagnosis -> !diagnosis.probe().usable())
            .map(diagnosis -> "; not " + diagnosis)
            .toList();
    try (Log log = new Log();
        Backend backend = Backends.open()) {
      assertThat(backend.name()).isEqualTo(diagnoses.get(passedOver.size()).name());
      assertThat(log.messages)
          .containsExactly("backend " + backend.info() + String.join("", passedOver));
    }
  }

  @Test
  void openPassesOverWhatTheOptionsRuleOut() {
    BackendProvider best =
        new BackendProvider() {
          @Override
          public String name() {
            return "best";
          }

          @Override
          public int priority() {
            return 1000;
          }

          @Override
          public Probe probe() {
            return Probe.usable("device 1");
          }

          @Override
          public Backend open(BackendOptions options) {
            throw new BackendUnavailableException("best", "device 0 is too old", "take device 1");
          }
        };
    try (Log log = new Log();
        Backend backend =
            Backends.open(List.of(best, new ScalarProvider()), BackendOptions.defaults())) {
      assertThat(backend.name()).isEqualTo("scalar");
      assertThat(log.messages)
          .containsExactly(
              "backend "
                  + backend.info()
                  + "; not best: device 0 is too old (cure: take device 1)");
    }
  }

  @Test
  void diagnosesEveryBackendBestFirst() {
    List<Backends.Diagnosis> diagnoses = Backends.diagnose();
    assertThat(diagnoses).extracting(Backends.Diagnosis::name).endsWith("vector", "scalar");
    assertThat(diagnoses).isEqualTo(Backends.diagnose());
    for (Backends.Diagnosis diagnosis : diagnoses) {
      if (diagnosis.probe().usable()) {
        assertThat(diagnosis.probe().device()).isNotBlank();
        assertThat(diagnosis)
            .hasToString(diagnosis.name() + ": usable, " + diagnosis.probe().device());
      } else {
        assertThat(diagnosis.probe().reason()).isNotBlank();
        assertThat(diagnosis.probe().cure()).isNotBlank();
        assertThat(diagnosis.toString())
            .isEqualTo(
                "%s: %s (cure: %s)",
                diagnosis.name(), diagnosis.probe().reason(), diagnosis.probe().cure());
      }
    }
  }

  @EveryBackend
  void opensWhatIsNamed(BackendUnderTest named) {
    assertOpens(named, () -> Backends.open(named.name()));
    System.setProperty(Backends.PROPERTY, named.name());
    assertOpens(named, Backends::open);
    assertOpens(named, () -> Backends.open(BackendOptions.defaults().threads(1)));
  }

  private static void assertOpens(BackendUnderTest named, Supplier<Backend> opening) {
    try (Backend backend = opening.get()) {
      assertThat(backend.name()).isEqualTo(named.name());
      assertThat(backend.info().name()).isEqualTo(named.name());
      assertThat(backend.info().toString()).startsWith(named + " on ");
    }
  }

  @EveryBackend
  void usesAtMostTheThreadsAskedFor(BackendUnderTest backend) {
    for (int threads = 1; threads <= 3; threads++) {
      try (Lab lab = backend.open(threads)) {
        assertThat(lab.backend().info().threads()).isBetween(1, threads);
      }
    }
  }

  @Test
  void anUnknownNameNeverFallsBack() {
    String names =
        String.join(", ", Backends.diagnose().stream().map(Backends.Diagnosis::name).toList());
    String message =
        "backend tpu is unavailable: no such backend on the class path (cure: choose one of "
            + names
            + ", or add the jar that brings it)";
    assertThatExceptionOfType(BackendUnavailableException.class)
        .isThrownBy(() -> Backends.open("tpu"))
        .withMessage(message);
    System.setProperty(Backends.PROPERTY, "tpu");
    assertThatExceptionOfType(BackendUnavailableException.class)
        .isThrownBy(Backends::open)
        .withMessage(message);
  }

  @Test
  void anUnusableBackendIsNotOpenedByName() {
    for (Backends.Diagnosis diagnosis : Backends.diagnose()) {
      if (!diagnosis.probe().usable()) {
        assertThatExceptionOfType(BackendUnavailableException.class)
            .isThrownBy(() -> Backends.open(diagnosis.name()))
            .withMessage(
                "backend %s is unavailable: %s (cure: %s)",
                diagnosis.name(), diagnosis.probe().reason(), diagnosis.probe().cure());
      }
    }
  }

  /** The library's INFO lines while this is open. */
  private static final class Log extends Handler implements AutoCloseable {
    private final Logger logger = Logger.getLogger("org.pursuit");
    private final boolean useParents = logger.getUseParentHandlers();
    private final List<String> messages = new ArrayList<>();

    Log() {
      logger.addHandler(this);
      logger.setUseParentHandlers(false);
    }

    @Override
    public void publish(LogRecord message) {
      assertThat(message.getLevel()).isEqualTo(Level.INFO);
      messages.add(message.getMessage());
    }

    @Override
    public void flush() {}

    @Override
    public void close() {
      logger.removeHandler(this);
      logger.setUseParentHandlers(useParents);
    }
  }
}
