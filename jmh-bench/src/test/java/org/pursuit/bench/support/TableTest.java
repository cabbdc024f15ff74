package org.pursuit.bench.support;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class TableTest {
  @Test
  void alignsColumns() {
    StringWriter text = new StringWriter();
    PrintWriter out = new PrintWriter(text);
    new Table("lrl").row("name", "size", "end").row("a", "12,345", "").print(out, " ");
    assertThat(text.toString().lines()).containsExactly(" name    size  end", " a     12,345");
  }
}
