/**
 * The kernel families: what can be computed, with one text of checks for all backends.
 *
 * <p>A family's public methods are final. Each checks shapes, ranges, ownership and state, emits a
 * JFR event and calls the protected {@code …Kernel} method that a backend implements. Inputs, an
 * options record, preallocated outputs: after the first call at a shape a kernel allocates nothing.
 * An output must not overlap an input.
 *
 * <p>A selection ranks by score, larger first, then by lower index. −0.0 equals +0.0, and NaN ranks
 * above +∞ whatever its sign or payload.
 */
package org.pursuit.kernel;
