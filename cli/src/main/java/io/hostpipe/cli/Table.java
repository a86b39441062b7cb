package io.hostpipe.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Rows of words under a head, in columns that are as wide as they have to be. */
final class Table {
  private static final int GAP_COLUMNS = 2;

  private final List<List<String>> rows = new ArrayList<>();

  Table(String... head) {
    rows.add(List.of(head));
  }

  /** Adds a row of as many cells as the head has. */
  void row(String... cells) {
    rows.add(Stream.of(cells).map(Console::printable).toList());
  }

  /** Whether there is nothing below the head. */
  boolean isEmpty() {
    return rows.size() == 1;
  }

  /** The lines. */
  @Override
  public String toString() {
    int[] widths = widths();
    StringBuilder text = new StringBuilder(256);
    for (List<String> row : rows) {
      for (int column = 0; column < row.size(); column++) {
        String cell = row.get(column);
        text.append(cell);
        if (column < row.size() - 1) {
          text.repeat(" ", widths[column] + GAP_COLUMNS - cell.length());
        }
      }
      text.append('\n');
    }
    return text.toString();
  }

  private int[] widths() {
    int[] widths = new int[rows.getFirst().size()];
    for (List<String> row : rows) {
      for (int column = 0; column < row.size(); column++) {
        widths[column] = Math.max(widths[column], row.get(column).length());
      }
    }
    return widths;
  }
}
