package org.pursuit.cuda;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUresult;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.JCudaDriver;

/** Graphs of a stream's calls: recorded instead of run, to be run at one command. */
final class Graphs implements AutoCloseable {
  private final Driver driver;
  private final Stream stream;
  private final Set<CUgraphExec> open = Collections.newSetFromMap(new IdentityHashMap<>());

  Graphs(Driver driver, Stream stream) {
    this.driver = driver;
    this.stream = stream;
  }

  /** Records what is queued until {@link #end}. */
  void begin() {
    stream.requireNoCapture("capturing");
    driver.enter();
    driver.leave("cuStreamBeginCapture", JCudaDriver.cuStreamBeginCapture(stream.handle(), mode()));
    stream.capturing(true);
  }

  /**
   * The driver guards a recording against calls of its thread that break it. A virtual thread has
   * no thread of its own that could end it again.
   */
  private static int mode() {
    return Thread.currentThread().isVirtual()
        ? CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_RELAXED
        : CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL;
  }

  /** Ends recording; the graph of what was recorded. */
  CUgraphExec end() {
    CUgraph recorded = new CUgraph();
    stream.capturing(false);
    driver.enter();
    driver.leave("cuStreamEndCapture", JCudaDriver.cuStreamEndCapture(stream.handle(), recorded));
    CUgraphExec graph = new CUgraphExec();
    driver.enter();
    int made = JCudaDriver.cuGraphInstantiate(graph, recorded, 0);
    int destroyed = JCudaDriver.cuGraphDestroy(recorded);
    if (made == CUresult.CUDA_SUCCESS) {
      open.add(graph);
    }
    driver.leave("cuGraphInstantiate", made == CUresult.CUDA_SUCCESS ? destroyed : made);
    return graph;
  }

  /** Ends recording, if that has begun, and forgets what was recorded. */
  void abandon() {
    if (!stream.isCapturing()) {
      return;
    }
    stream.capturing(false);
    driver.free("cuStreamEndCapture", this::forget);
  }

  private int forget() {
    CUgraph recorded = new CUgraph();
    int ended = JCudaDriver.cuStreamEndCapture(stream.handle(), recorded);
    return switch (ended) {
      case CUresult.CUDA_SUCCESS -> JCudaDriver.cuGraphDestroy(recorded);
      // A call that failed may have invalidated the recording, which is then reported here.
      case CUresult.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED -> CUresult.CUDA_SUCCESS;
      default -> ended;
    };
  }

  /** Queues a graph. */
  void launch(CUgraphExec graph) {
    stream.requireNoCapture("launching a graph");
    driver.enter();
    stream.leave("graph", JCudaDriver.cuGraphLaunch(graph, stream.handle()));
  }

  /** Destroys a graph; false if that has happened already. */
  boolean destroy(CUgraphExec graph) {
    if (!open.remove(graph)) {
      return false;
    }
    driver.free("cuGraphExecDestroy", () -> JCudaDriver.cuGraphExecDestroy(graph));
    return true;
  }

  @Override
  public void close() {
    Frees.all(List.copyOf(open), this::destroy);
  }
}
