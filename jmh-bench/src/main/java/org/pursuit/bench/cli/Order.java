package org.pursuit.bench.cli;

import org.pursuit.kernel.OutputOrder;

/** How a selection's entries are arranged, as an option's value. */
enum Order {
  SCORE(OutputOrder.BY_SCORE),
  INDEX(OutputOrder.BY_INDEX);

  private final OutputOrder outputOrder;

  Order(OutputOrder outputOrder) {
    this.outputOrder = outputOrder;
  }

  OutputOrder outputOrder() {
    return outputOrder;
  }
}
