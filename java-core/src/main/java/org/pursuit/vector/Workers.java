package org.pursuit.vector;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * The threads of one backend: the caller's and some parked daemons. A run hands out chunks of a
 * range first come, first served; results must not depend on who takes which.
 */
final class Workers implements AutoCloseable {
  /** Work on a range of items. */
  interface Task {
    /**
     * Works on items {@code from … to}.
     *
     * @param worker number of the thread, below {@link Workers#count()}, for scratch of its own
     */
    void run(int worker, int from, int to);
  }

  /** Turns of waiting before a thread parks: about as long as a park and its end take. */
  private static final int SPINS = 2_000;

  private final Thread[] helpers;
  private final AtomicLong next = new AtomicLong();
  private final AtomicInteger working = new AtomicInteger();
  private final AtomicInteger epoch = new AtomicInteger();
  private volatile boolean closed;
  private Task task;
  private int items;
  private int chunk;
  private Thread caller;
  private volatile Throwable failure;

  Workers(int threads) {
    helpers = new Thread[threads - 1];
    try {
      for (int i = 0; i < helpers.length; i++) {
        int worker = i + 1;
        helpers[i] = new Thread(() -> serve(worker), "pursuit-vector-" + worker);
        helpers[i].setDaemon(true);
        helpers[i].start();
      }
    } catch (Throwable t) {
      close();
      throw t;
    }
  }

  /** Number of threads, the caller's included. */
  int count() {
    return helpers.length + 1;
  }

  /** A chunk of so many items that every thread gets several, at most {@code most}. */
  int chunk(int items, int most) {
    return Math.clamp(items / (4L * count()), 1, most);
  }

  /** Runs {@code task} over {@code 0 … items} in chunks, and returns when all are done. */
  void run(Task task, int items, int chunk) {
    if (helpers.length == 0 || items <= chunk) {
      for (long from = 0; from < items; from += chunk) {
        task.run(0, (int) from, (int) Math.min(from + chunk, items));
      }
      return;
    }
    this.task = task;
    this.items = items;
    this.chunk = chunk;
    caller = Thread.currentThread();
    failure = null;
    next.set(0);
    working.set(helpers.length);
    epoch.getAndIncrement();
    for (Thread helper : helpers) {
      LockSupport.unpark(helper);
    }
    takeChunks(0);
    for (int turn = 0; working.get() != 0; turn++) {
      pause(turn);
    }
    this.task = null;
    caller = null;
    rethrow(failure);
  }

  private void serve(int worker) {
    int seen = 0;
    while (true) {
      for (int turn = 0; epoch.get() == seen && !closed; turn++) {
        pause(turn);
      }
      if (closed) {
        return;
      }
      seen = epoch.get();
      Thread waiting = caller;
      takeChunks(worker);
      if (working.decrementAndGet() == 0) {
        LockSupport.unpark(waiting);
      }
    }
  }

  private void takeChunks(int worker) {
    try {
      long from;
      while ((from = next.getAndAdd(chunk)) < items) {
        task.run(worker, (int) from, (int) Math.min(from + chunk, items));
      }
    } catch (Throwable t) {
      failure = t;
      next.set(items);
    }
  }

  private static void pause(int turn) {
    if (turn < SPINS) {
      Thread.onSpinWait();
    } else {
      LockSupport.park();
    }
  }

  private static void rethrow(Throwable failure) {
    switch (failure) {
      case null -> {}
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new IllegalStateException(failure);
    }
  }

  @Override
  public void close() {
    closed = true;
    for (Thread helper : helpers) {
      LockSupport.unpark(helper);
    }
  }
}
