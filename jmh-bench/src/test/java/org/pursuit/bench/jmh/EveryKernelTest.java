package org.pursuit.bench.jmh;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.VerboseMode;
import org.pursuit.kernel.KernelFamily;
import org.pursuit.kernel.Pursuits;
import org.pursuit.kernel.Scoring;
import org.pursuit.kernel.Selection;
import org.pursuit.kernel.SparseAlgebra;
import org.pursuit.kernel.Statistics;
import org.pursuit.kernel.Training;

/** No kernel is without a benchmark of its name in one of its family's classes. */
class EveryKernelTest {
  @ParameterizedTest
  @ValueSource(
      classes = {
        Scoring.class,
        Selection.class,
        SparseAlgebra.class,
        Pursuits.class,
        Training.class,
        Statistics.class
      })
  void hasABenchmark(Class<? extends KernelFamily> family) {
    Set<String> kernels =
        Arrays.stream(family.getDeclaredMethods())
            .filter(m -> Modifier.isPublic(m.getModifiers()) && Modifier.isFinal(m.getModifiers()))
            .map(Method::getName)
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(kernels).isNotEmpty();
    assertThat(benchmarks(family.getSimpleName())).containsAll(kernels);
  }

  /** The benchmarks of the classes whose names begin with the family's, as JMH finds them. */
  private static Set<String> benchmarks(String family) {
    String classes = "^org\\.pursuit\\.bench\\.jmh\\." + family + "\\w*\\.";
    return BenchmarkList.defaultList()
        .find(
            OutputFormatFactory.createFormatInstance(System.out, VerboseMode.SILENT),
            List.of(classes),
            List.of())
        .stream()
        .map(entry -> entry.getUsername().replaceFirst(".*\\.", ""))
        .collect(Collectors.toSet());
  }
}
