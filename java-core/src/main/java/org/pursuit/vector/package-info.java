/**
 * The JDK Vector API backend.
 *
 * <p>Only {@link org.pursuit.vector.VectorProvider} is loaded before its probe has found that the
 * Vector API is present and compiled; every class with a vector constant comes after it.
 */
package org.pursuit.vector;
