package org.pursuit.data;

/**
 * Marks a memory whose handles lie in Java arrays: {@code HostMatrix}, {@code HostFloats} and so
 * on.
 */
public interface HostMemory {}
