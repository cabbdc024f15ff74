package org.pursuit.bench.jmh;

import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.pursuit.Backend;
import org.pursuit.BackendOptions;
import org.pursuit.Backends;

/** The backend under test. It is opened by name, so it is never silently another one. */
@State(Scope.Benchmark)
public class BenchmarkBackend {
  /** The backend's name. */
  @Param({"vector", "scalar"})
  public String backend;

  /** Worker threads of the backend; JMH's own threads stay at one. */
  @Param("1")
  public int threads;

  private Backend opened;

  /** Opens the backend and prints what it really is. */
  @Setup(Level.Trial)
  public void open() {
    opened = Backends.open(backend, BackendOptions.defaults().threads(threads));
    System.out.println("\n# Backend: " + opened.info() + ", " + opened.getClass().getName());
  }

  /** The open backend. */
  Backend get() {
    return opened;
  }

  /** Closes the backend, and with it every handle of the benchmark. */
  @TearDown(Level.Trial)
  public void close() {
    opened.close();
  }
}
