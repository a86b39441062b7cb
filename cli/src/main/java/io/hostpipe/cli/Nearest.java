package io.hostpipe.cli;

import java.util.Arrays;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/** Finds the word that was probably meant. */
final class Nearest {
  private Nearest() {}

  /**
   * The closest of the known words, or null when none is close enough to be a slip of the hand: at
   * most a third of the longer word may differ, or one character of a short one.
   */
  static @Nullable String of(String word, Collection<String> known) {
    String nearest = null;
    int least = Integer.MAX_VALUE;
    for (String candidate : known) {
      int distance = distance(word, candidate);
      int allowed = Math.max(1, Math.max(word.length(), candidate.length()) / 3);
      if (distance <= allowed && distance < least && distance < candidate.length()) {
        nearest = candidate;
        least = distance;
      }
    }
    return nearest;
  }

  /** {@code "; did you mean 'x'?"}, or nothing. */
  static String hint(String word, Collection<String> known) {
    String nearest = of(word, known);
    return nearest == null ? "" : "; did you mean '" + nearest + "'?";
  }

  /**
   * How many characters must be put in, left out, replaced or swapped with their neighbour to make
   * one word of the other.
   */
  static int distance(String left, String right) {
    int[] twoBefore = new int[right.length() + 1];
    int[] before = new int[right.length() + 1];
    int[] row = new int[right.length() + 1];
    Arrays.setAll(before, index -> index);
    for (int i = 1; i <= left.length(); i++) {
      row[0] = i;
      for (int j = 1; j <= right.length(); j++) {
        boolean same = left.charAt(i - 1) == right.charAt(j - 1);
        int cost = Math.min(Math.min(before[j], row[j - 1]) + 1, before[j - 1] + (same ? 0 : 1));
        if (i > 1
            && j > 1
            && left.charAt(i - 1) == right.charAt(j - 2)
            && left.charAt(i - 2) == right.charAt(j - 1)) {
          cost = Math.min(cost, twoBefore[j - 2] + 1);
        }
        row[j] = cost;
      }
      int[] spare = twoBefore;
      twoBefore = before;
      before = row;
      row = spare;
    }
    return before[right.length()];
  }
}
