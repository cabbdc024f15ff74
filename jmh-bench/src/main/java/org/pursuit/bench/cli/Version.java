package org.pursuit.bench.cli;

import org.pursuit.bench.support.Build;
import picocli.CommandLine.IVersionProvider;

/** The program's version and what it was built from. */
final class Version implements IVersionProvider {
  @Override
  public String[] getVersion() {
    return new String[] {
      "pursuit " + Build.version() + ", commit " + Build.commit(), "Java " + Runtime.version()
    };
  }
}
