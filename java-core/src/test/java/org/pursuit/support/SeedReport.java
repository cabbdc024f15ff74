package org.pursuit.support;

import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestWatcher;

/** Prints the seed when a test fails. */
public final class SeedReport implements TestWatcher {
  @Override
  public void testFailed(ExtensionContext context, Throwable cause) {
    String test = context.getRequiredTestMethod().getName() + " " + context.getDisplayName();
    System.out.println(test + " failed; " + Seed.rerun());
  }
}
