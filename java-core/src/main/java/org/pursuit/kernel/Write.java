package org.pursuit.kernel;

/** How a kernel that computes a sum writes it. */
public enum Write {
  /** The output's old contents are lost. */
  OVERWRITE,
  /** The sum is added to the output. */
  ACCUMULATE
}
