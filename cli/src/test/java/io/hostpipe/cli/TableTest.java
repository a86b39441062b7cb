package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** {@link Table}. */
final class TableTest {
  @Test
  void eachColumnIsAsWideAsItsWidestCellAndTheLastOneEndsWhereItEnds() {
    Table table = new Table("N", "NAME", "WHY");
    assertThat(table.isEmpty()).isTrue();
    table.row("1", "a long name", "x");
    table.row("100", "b", "a\u001b[2Jb");
    assertThat(table.isEmpty()).isFalse();
    assertThat(table.toString().lines())
        .containsExactly(
            "N    NAME         WHY",
            "1    a long name  x",
            "100  b            " + Console.printable("a\u001b[2Jb"));
  }

  @Test
  void aHundredThousandRowsAreWrittenWithoutLookingAtAllOfThemForEach() {
    Table table = new Table("NUMBER", "CAUSE");
    for (int row = 0; row < 100_000; row++) {
      table.row("" + row, "it was too long");
    }
    assertThat(table.toString().lines()).hasSize(100_001);
  }
}
