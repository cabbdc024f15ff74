package org.pursuit.bench.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pursuit.Backend;
import org.pursuit.Backends;
import org.pursuit.data.PursuitTape;

class SparsityTest {
  @Test
  void countsDistinctAtomsThatDoNotCancel() {
    HostCodes codes = new HostCodes(3, 4);
    try (Backend backend = Backends.open("scalar");
        PursuitTape tape = backend.pursuitTape(3, 4)) {
      tape.indices().upload(new int[] {7, 2, 7, 2, 5, 1, 5, -1, -1, -1, -1, -1});
      tape.values().upload(new float[] {1, 2, 3, 4, 1, 0, -1, 0, 0, 0, 0, 0});
      tape.counts().upload(new int[] {4, 3, 0});
      codes.download(tape);
    }
    Sparsity sparsity = new Sparsity();
    sparsity.add(codes);
    assertThat(sparsity.meanL0()).isEqualTo(2 / 3.0);
  }
}
