package org.pursuit.data;

/**
 * The inner products D·Dᵀ of a dictionary's atoms, [capacity, capacity] of which the leading
 * [atoms, atoms] are meaningful. It remembers the dictionary and the version that it was computed
 * from; a pursuit refuses it once the dictionary has been written to.
 *
 * <p>Products are summed in float32. A 16-bit format rounds each of them once, to nearest even:
 * half the memory, and half of what a pursuit reads at every step, for correlations that are off by
 * at most {@code u·Σ|c|·|G|} over the steps taken, with u = 2⁻⁸ for {@link DType#BF16} and 2⁻¹¹ for
 * {@link DType#F16}. F16 suits atoms of norms between about 0.01 and 255: products of 65520 or more
 * overflow to ∞, and those below 6·10⁻⁵ are rounded to a multiple of 6·10⁻⁸.
 */
public final class Gram implements AutoCloseable {
  private final Matrix products;
  private Matrix dictionary;
  private long version;

  private Gram(Matrix products) {
    this.products = products;
  }

  static Gram allocate(Memory memory, int capacity, DType dtype) {
    return new Gram(memory.matrix(capacity, capacity, dtype));
  }

  /** The inner products: [capacity, capacity]. */
  public Matrix products() {
    return products;
  }

  /** Number of atoms that fit. */
  public int capacity() {
    return products.rows();
  }

  /** Number of atoms described; 0 before the first computation. */
  public int atoms() {
    return dictionary == null ? 0 : dictionary.rows();
  }

  /** Whether this describes exactly the atoms of {@code atoms} as they are now. */
  public boolean describes(Matrix atoms) {
    return dictionary != null
        && dictionary.rows() == atoms.rows()
        && dictionary.beginsLike(atoms)
        && version == atoms.version();
  }

  /** Whether this describes a beginning of {@code atoms}, by rows of the same matrix. */
  public boolean describesBeginningOf(Matrix atoms) {
    return dictionary != null && dictionary.rows() <= atoms.rows() && dictionary.beginsLike(atoms);
  }

  /** Notes that the products are about to change; this describes no dictionary until they have. */
  public void forget() {
    dictionary = null;
  }

  /** Notes that the products are those of {@code atoms} as they are now. Kernels do so. */
  public void computedFrom(Matrix atoms) {
    dictionary = atoms;
    version = atoms.version();
  }

  /** The memory that owns the products. */
  public Memory memory() {
    return products.memory();
  }

  /** Whether {@link #close()} has been called. */
  public boolean isClosed() {
    return products.isClosed();
  }

  @Override
  public void close() {
    products.close();
  }

  @Override
  public String toString() {
    return "Gram of " + atoms() + " atoms, capacity " + capacity();
  }
}
