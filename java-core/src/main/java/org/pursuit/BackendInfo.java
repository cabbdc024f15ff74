package org.pursuit;

/**
 * What a backend runs on.
 *
 * @param name the backend's name: "scalar", "vector", "cuda"
 * @param device the processor or GPU, with what matters of it
 * @param threads worker threads, the caller's included; 1 where the notion does not apply
 */
public record BackendInfo(String name, String device, int threads) {
  @Override
  public String toString() {
    return name + " on " + device + (threads > 1 ? ", " + threads + " threads" : "");
  }
}
