package org.pursuit.bench.cli;

import java.io.PrintWriter;
import org.pursuit.Backends;
import org.pursuit.Backends.Diagnosis;
import org.pursuit.bench.roofline.Machine;
import org.pursuit.bench.support.Build;
import org.pursuit.bench.support.Table;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Shows the machine and the backends. */
@Command(
    name = "info",
    header = "Show this machine, its Java, and which backends can be used here.",
    description = "")
final class InfoCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    PrintWriter out = spec.commandLine().getOut();
    out.println("pursuit " + Build.version());
    out.println();
    machine().print(out, "");
    out.println();
    out.println("backends, best first");
    boolean chosen = false;
    for (Diagnosis backend : Backends.diagnose()) {
      boolean best = backend.probe().usable() && !chosen;
      chosen |= best;
      backend(backend, best).print(out, "  ");
    }
    String forced = System.getProperty(Backends.PROPERTY);
    if (forced != null) {
      out.println("-D" + Backends.PROPERTY + "=" + forced + " is set: no other one is taken");
    }
  }

  private static Table machine() {
    Machine machine = Machine.current();
    Table table = new Table("ll");
    table.row("processor", machine.processor());
    table.row("cores", Format.count(machine.cores()) + cache(machine));
    table.row(
        "memory",
        Format.bytes(machine.memoryBytes())
            + "; Java heap up to "
            + Format.bytes(Runtime.getRuntime().maxMemory()));
    table.row("system", machine.system());
    table.row(
        "java",
        String.join(
            ", ",
            Runtime.version().toString(),
            System.getProperty("java.vm.name"),
            System.getProperty("java.vendor")));
    return table;
  }

  private static String cache(Machine machine) {
    return machine.cacheBytes() == 0
        ? ""
        : "; last-level cache " + Format.bytes(machine.cacheBytes());
  }

  private static Table backend(Diagnosis backend, boolean chosen) {
    String name = String.format("%-7s", backend.name());
    if (backend.probe().usable()) {
      return new Table("ll")
          .row(name, "usable" + (chosen ? ", the default: " : ": ") + backend.probe().device());
    }
    return new Table("ll")
        .row(name, "not usable: " + backend.probe().reason())
        .row("", "cure: " + backend.probe().cure());
  }
}
