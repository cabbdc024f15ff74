package org.pursuit.bench.jmh;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.pursuit.Backends;
import org.pursuit.bench.roofline.Machine;
import org.pursuit.bench.support.Build;

/**
 * A report as a file. Scripts that measure other libraries write the same: the commit of Pursuit, a
 * machine, its limits, and for each benchmark who computed it, with which parameters, and how long
 * one call took.
 *
 * <pre>
 *   {"commit",
 *    "machine": {"processor", "cores", "memoryBytes", "system", "java", "devices": {backend: text}},
 *    "limits":  [{"of", "arithmetic", "flopsPerSecond": {precision: rate},
 *                 "bytesPerSecond": {level: rate}}],
 *    "results": [{"benchmark", "implementation", "parameters": {name: text}, "seconds", "error",
 *                 "bytes", "flops", "limit", "fraction", "allocatedBytes"}]}
 * </pre>
 */
public final class ReportJson {
  private ReportJson() {}

  /** Writes a report to {@code file}. */
  public static void write(Report report, Path file) throws IOException {
    try (JsonGenerator json = new JsonFactory().createGenerator(Files.newBufferedWriter(file))) {
      json.useDefaultPrettyPrinter();
      json.writeStartObject();
      json.writeStringField("commit", Build.commit());
      machine(json, report.machine());
      json.writeArrayFieldStart("limits");
      for (Limits limits : report.limits()) {
        limits(json, limits);
      }
      json.writeEndArray();
      json.writeArrayFieldStart("results");
      for (Report.Result result : report.results()) {
        result(json, result);
      }
      json.writeEndArray();
      json.writeEndObject();
    }
  }

  private static void machine(JsonGenerator json, Machine machine) throws IOException {
    json.writeObjectFieldStart("machine");
    json.writeStringField("processor", machine.processor());
    json.writeNumberField("cores", machine.cores());
    json.writeNumberField("memoryBytes", machine.memoryBytes());
    json.writeStringField("system", machine.system());
    json.writeStringField("java", Runtime.version().toString());
    json.writeObjectFieldStart("devices");
    for (Backends.Diagnosis backend : Backends.diagnose()) {
      if (backend.probe().usable()) {
        json.writeStringField(backend.name(), backend.probe().device());
      }
    }
    json.writeEndObject();
    json.writeEndObject();
  }

  private static void limits(JsonGenerator json, Limits limits) throws IOException {
    json.writeStartObject();
    json.writeStringField("of", limits.of());
    json.writeStringField("arithmetic", limits.arithmetic());
    rates(json, "flopsPerSecond", limits.flopsPerSecond());
    rates(json, "bytesPerSecond", limits.bytesPerSecond());
    json.writeEndObject();
  }

  private static <K extends Enum<K>> void rates(
      JsonGenerator json, String name, Map<K, Double> rates) throws IOException {
    json.writeObjectFieldStart(name);
    for (Map.Entry<K, Double> rate :
        rates.entrySet().stream().sorted(Map.Entry.comparingByKey()).toList()) {
      json.writeNumberField(rate.getKey().name(), rate.getValue());
    }
    json.writeEndObject();
  }

  private static void result(JsonGenerator json, Report.Result result) throws IOException {
    String backend = result.parameters().get("backend");
    json.writeStartObject();
    json.writeStringField("benchmark", result.benchmark());
    json.writeStringField("implementation", backend == null ? "plain Java" : "pursuit " + backend);
    json.writeObjectFieldStart("parameters");
    for (Map.Entry<String, String> parameter : result.parameters().entrySet()) {
      if (!parameter.getKey().equals("backend")) {
        json.writeStringField(parameter.getKey(), parameter.getValue());
      }
    }
    json.writeEndObject();
    json.writeNumberField("seconds", result.seconds());
    if (!Double.isNaN(result.error())) {
      json.writeNumberField("error", result.error());
    }
    json.writeNumberField("bytes", result.bytes());
    json.writeNumberField("flops", result.flops());
    json.writeStringField("limit", result.bound().limit());
    json.writeNumberField("fraction", result.fraction());
    json.writeNumberField("allocatedBytes", result.allocatedBytes());
    json.writeEndObject();
  }
}
