package org.pursuit.scalar;

import java.util.Arrays;
import java.util.Objects;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.HostEntries;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostLongs;
import org.pursuit.data.HostMatrix;
import org.pursuit.data.Longs;
import org.pursuit.data.Matrix;
import org.pursuit.data.SlottedCodes;
import org.pursuit.kernel.Fired;
import org.pursuit.kernel.Write;

/** Counts, maxima and sums of columns, entry by entry. */
final class ScalarColumnStatistics {
  private final Scratch scratch;
  private int n;
  private long[] fires;
  private float[] maxima;
  private double[] sums;

  ScalarColumnStatistics(Scratch scratch) {
    this.scratch = scratch;
  }

  void compute(Matrix x, Fired fired, Write write, Longs fires, Floats maxima, Floats sums) {
    int n = x.columns();
    begin(n);
    float[] row = scratch.x(n);
    for (int b = 0; b < x.rows(); b++) {
      ((HostMatrix) x).readRow(b, 0, n, row, 0);
      for (int j = 0; j < n; j++) {
        add(j, row[j], fired);
      }
    }
    finish(write, fires, maxima, sums);
  }

  void compute(
      SlottedCodes codes, Fired fired, Write write, Longs fires, Floats maxima, Floats sums) {
    int n =
        (int) (fires != null ? fires.length() : maxima != null ? maxima.length() : sums.length());
    compute(HostEntries.of(codes), n, fired, write, fires, maxima, sums);
  }

  void compute(CsrCodes codes, Fired fired, Write write, Longs fires, Floats maxima, Floats sums) {
    compute(HostEntries.of(codes), codes.columnCount(), fired, write, fires, maxima, sums);
  }

  private void compute(
      HostEntries codes, int n, Fired fired, Write write, Longs fires, Floats maxima, Floats sums) {
    begin(n);
    for (int b = 0; b < codes.rows(); b++) {
      for (int e = codes.begin(b); e < codes.end(b); e++) {
        add(codes.indices()[e], codes.values()[e], fired);
      }
    }
    finish(write, fires, maxima, sums);
  }

  private void begin(int n) {
    this.n = n;
    fires = scratch.ranks(n);
    maxima = scratch.scores(n);
    sums = scratch.sums(n);
    Arrays.fill(fires, 0, n, 0);
    Arrays.fill(maxima, 0, n, Float.NEGATIVE_INFINITY);
    Arrays.fill(sums, 0, n, 0);
  }

  private void add(int column, float value, Fired fired) {
    int j = Objects.checkIndex(column, n); // scratch may be longer
    fires[j] += fired.test(value) ? 1 : 0;
    maxima[j] = Math.max(maxima[j], value);
    sums[j] += value;
  }

  private void finish(Write write, Longs outFires, Floats outMaxima, Floats outSums) {
    boolean adds = write == Write.ACCUMULATE;
    for (int j = 0; j < n; j++) {
      if (outFires != null) {
        long[] out = ((HostLongs) outFires).array();
        out[j] = fires[j] + (adds ? out[j] : 0);
      }
      if (outMaxima != null) {
        float[] out = ((HostFloats) outMaxima).array();
        out[j] = (adds ? Math.max(maxima[j], out[j]) : maxima[j]) + 0f;
      }
      if (outSums != null) {
        float[] out = ((HostFloats) outSums).array();
        out[j] = (float) (sums[j] + (adds ? out[j] : 0));
      }
    }
  }
}
