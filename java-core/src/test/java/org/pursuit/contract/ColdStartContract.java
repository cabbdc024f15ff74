package org.pursuit.contract;

import java.util.Map;
import org.pursuit.support.BackendUnderTest;
import org.pursuit.support.EveryBackend;
import org.pursuit.support.NewJvm;

/**
 * Results are bitwise the same before and after the JVM has compiled the kernels. Only a new JVM
 * can tell: in this one other tests have run.
 */
class ColdStartContract {
  @EveryBackend
  void compilationDoesNotChangeResults(BackendUnderTest backend) throws Exception {
    NewJvm.run(ColdStart.class, Map.of(), backend.name());
  }
}
