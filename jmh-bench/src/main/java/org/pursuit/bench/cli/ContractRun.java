package org.pursuit.bench.cli;

import static org.junit.platform.engine.discovery.ClassNameFilter.includeClassNamePatterns;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectPackage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.pursuit.bench.support.Table;
import org.pursuit.support.BackendsUnderTest;
import org.pursuit.support.Seed;

/** One run of the contract suite in this JVM, and what came of it. */
final class ContractRun implements TestExecutionListener {
  private static final String SUITE = "org.pursuit.contract";
  private static final String CLASSES = ".*(Contract|Laws|Test)";

  /** The engine of properties tells of every edge case that it leaves out. */
  private static final Logger PROPERTIES_LOG = Logger.getLogger("net.jqwik");

  private final Progress progress;
  private final Map<String, Tally> classes = new TreeMap<>();
  private final List<Failure> failures = new ArrayList<>();
  private final Map<TestIdentifier, Long> started = new TreeMap<>(ContractRun::byId);
  private TestPlan plan;
  private long containers;
  private long containersDone;

  private ContractRun(Progress progress) {
    this.progress = progress;
  }

  /** What became of a class's tests. */
  private static final class Tally {
    int passed;
    int failed;
    int skipped;
    long nanos;
  }

  /** A failed test and the first line of why. */
  record Failure(String test, String message) {}

  /**
   * Runs the suite.
   *
   * @param backends the backends to verify, all usable
   * @param seed null for the suite's own
   */
  static ContractRun of(List<String> backends, Long seed, Progress progress) throws IOException {
    System.setProperty(BackendsUnderTest.TESTED, String.join(",", backends));
    System.setProperty(BackendsUnderTest.REQUIRED, String.join(",", backends));
    if (seed != null) {
      System.setProperty(Seed.PROPERTY, seed.toString());
    }
    ContractRun run = new ContractRun(progress);
    Path database = Files.createTempFile("pursuit-", ".jqwik");
    Files.delete(database);
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(selectPackage(SUITE))
            .filters(includeClassNamePatterns(CLASSES))
            .configurationParameter("jqwik.reporting.onlyfailures", "true")
            .configurationParameter("jqwik.database", database.toString())
            .build();
    PROPERTIES_LOG.setLevel(Level.WARNING);
    Launcher launcher = LauncherFactory.create();
    launcher.execute(request, run);
    Files.deleteIfExists(database);
    return run;
  }

  /** Whether tests ran and none failed. */
  boolean passed() {
    return failures.isEmpty() && classes.values().stream().anyMatch(tally -> tally.passed > 0);
  }

  List<Failure> failures() {
    return List.copyOf(failures);
  }

  /** A line for each class, and one for all. */
  Table table() {
    Table table = new Table("lrrrr").row("contract", "passed", "failed", "skipped", "seconds");
    Tally all = new Tally();
    for (Map.Entry<String, Tally> entry : classes.entrySet()) {
      Tally tally = entry.getValue();
      row(table, entry.getKey(), tally);
      all.passed += tally.passed;
      all.failed += tally.failed;
      all.skipped += tally.skipped;
      all.nanos += tally.nanos;
    }
    row(table, "all", all);
    return table;
  }

  private static void row(Table table, String name, Tally tally) {
    table.row(
        name,
        Format.count(tally.passed),
        Format.count(tally.failed),
        Format.count(tally.skipped),
        Format.decimal(tally.nanos / 1e9, 1));
  }

  @Override
  public void testPlanExecutionStarted(TestPlan testPlan) {
    plan = testPlan;
    containers = testPlan.countTestIdentifiers(id -> id.getSource().isPresent());
  }

  @Override
  public void executionStarted(TestIdentifier test) {
    started.put(test, System.nanoTime());
    if (test.getSource().isPresent()) {
      progress.show((double) containersDone++ / containers, className(test));
    }
  }

  @Override
  public void executionSkipped(TestIdentifier test, String reason) {
    tally(test).skipped++;
  }

  @Override
  public void executionFinished(TestIdentifier test, TestExecutionResult result) {
    long nanos = System.nanoTime() - started.getOrDefault(test, System.nanoTime());
    if (result.getStatus() == TestExecutionResult.Status.FAILED) {
      tally(test).failed++;
      failures.add(new Failure(name(test), message(result)));
    } else if (test.isTest()) {
      Tally tally = tally(test);
      tally.nanos += nanos;
      if (result.getStatus() == TestExecutionResult.Status.ABORTED) {
        tally.skipped++;
      } else {
        tally.passed++;
      }
    }
  }

  private Tally tally(TestIdentifier test) {
    return classes.computeIfAbsent(className(test), name -> new Tally());
  }

  /** The class that a test or container belongs to. */
  private String className(TestIdentifier test) {
    String found =
        switch (test.getSource().orElse(null)) {
          case ClassSource source -> source.getClassName();
          case MethodSource source -> source.getClassName();
          case null, default ->
              plan.getParent(test).map(this::className).orElse(test.getDisplayName());
        };
    return found.substring(found.lastIndexOf('.') + 1);
  }

  private String name(TestIdentifier test) {
    String own = test.getLegacyReportingName();
    String method =
        plan.getParent(test)
            .filter(parent -> parent.getSource().orElse(null) instanceof MethodSource)
            .map(parent -> parent.getLegacyReportingName() + " ")
            .orElse("");
    return className(test) + ": " + method + own + " " + test.getDisplayName();
  }

  private static String message(TestExecutionResult result) {
    Throwable failure = result.getThrowable().orElseThrow();
    String text = String.valueOf(failure.getMessage()).strip();
    return failure.getClass().getSimpleName()
        + ": "
        + text.lines().limit(6).reduce((a, b) -> a + "\n        " + b).orElse("");
  }

  private static int byId(TestIdentifier a, TestIdentifier b) {
    return a.getUniqueId().compareTo(b.getUniqueId());
  }
}
