package org.pursuit.kernel;

/** Normalisation of the rows of x, before the pre-bias is subtracted. */
public enum RowNormalisation {
  /** x as it is: centre 0, scale 1. */
  NONE,
  /** x / max(‖x‖, {@value #UNIT_FLOOR}): centre 0, scale max(‖x‖, floor). */
  UNIT,
  /**
   * (x − μ) / (s + {@value #LAYER_NORM_EPSILON}) with the mean μ and the unbiased standard
   * deviation s of the row (0 for a single column), as in OpenAI's and SAELens' code: centre μ,
   * scale s. The way back is x̂·s + μ, without the epsilon.
   */
  LAYER_NORM;

  /** Smallest norm that {@link #UNIT} divides by. */
  public static final float UNIT_FLOOR = 1e-12f;

  /** What {@link #LAYER_NORM} adds to the standard deviation. */
  public static final float LAYER_NORM_EPSILON = 1e-5f;
}
