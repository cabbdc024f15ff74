package org.pursuit.cuda;

import jcuda.driver.CUgraphExec;
import org.pursuit.data.Handle;
import org.pursuit.data.Matrix;
import org.pursuit.data.Memory;

/**
 * A recorded sequence of kernel calls that the device runs again at one command, without the cost
 * of the single calls; see {@link CudaBackend#capture}.
 *
 * <p>The same calls run on the same handles with the same options. Closing one of the handles makes
 * the results meaningless; its memory stays until the graph is closed. Only memory of another
 * library ({@link CudaBackend#wrap}) is not kept: its owner must keep it as long as the graph is
 * launched, and until what was launched has run. A launch writes to the calls' outputs without
 * counting it in {@link Matrix#version()}; call {@link Matrix#touch()} on a dictionary that a graph
 * changes.
 */
public final class CudaGraph extends Handle {
  private final Cuda cuda;
  private final CUgraphExec graph;
  private final long hold;

  /** Takes over {@code graph} and the hold on the memory that it knows. */
  CudaGraph(Memory memory, Cuda cuda, CUgraphExec graph, long hold) {
    super(memory, "graph", 0);
    this.cuda = cuda;
    this.graph = graph;
    this.hold = hold;
  }

  /** Queues the calls again. Returns at once. */
  public void launch() {
    requireOpen();
    memory().enter();
    try {
      cuda.flags().arm();
      cuda.graphs().launch(graph);
    } finally {
      memory().exit();
    }
  }

  @Override
  protected void free() {
    if (cuda.graphs().destroy(graph)) {
      cuda.allocator().release(hold);
    }
  }

  @Override
  public String toString() {
    return "graph";
  }
}
