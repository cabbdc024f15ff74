package org.pursuit.bench.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.pursuit.bench.Main;

class InterruptionTest {
  private static final int ROWS = 50_000;
  private static final int D = 64;

  @TempDir private Path folder;

  @Test
  @Timeout(60)
  void aStoppedProgramLeavesNothingBehind() throws IOException, InterruptedException {
    Path rows = Cli.npy(folder.resolve("rows.npy"), Cli.gaussian(ROWS * D, 1), D);
    Path atoms = Cli.npy(folder.resolve("atoms.npy"), Cli.gaussian(1000 * D, 2), D);
    Process program = encode(rows, atoms);
    while (files().size() < 3) {
      assertThat(program.isAlive()).isTrue();
      Thread.sleep(10);
    }
    program.destroy();
    assertThat(program.waitFor()).isNotZero();
    assertThat(files()).containsExactlyInAnyOrder(rows, atoms);
  }

  /** By the slowest backend, so that there is time to stop it. */
  private Process encode(Path rows, Path atoms) throws IOException {
    return new ProcessBuilder(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "encode",
                "--input=" + rows,
                "--dictionary=" + atoms,
                "--method=mp",
                "--k=64",
                "--backend=scalar",
                "--output=" + folder.resolve("codes.safetensors")))
        .redirectErrorStream(true)
        .redirectOutput(Redirect.DISCARD)
        .start();
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }
}
