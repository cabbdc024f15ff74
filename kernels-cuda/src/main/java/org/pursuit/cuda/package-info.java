/**
 * The CUDA backend: hand-written kernels, loaded from their images and called through JCuda.
 *
 * <p>Every call of the driver goes through {@code Driver}, which makes the device's primary context
 * current for that call alone and checks its result. Work is ordered by one stream a backend.
 */
package org.pursuit.cuda;
