package io.hostpipe.connector.tail;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Rotations whose steps come at any step of the reader, also while it looks and opens, and while it
 * is started anew: every line once and in order. Nothing is written between the end of a copy and
 * the truncation, since that is in no file.
 */
final class TailInterleavingTest {
  private static final int SEED_COUNT = 40;
  private static final int STEP_COUNT = 60;

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"copy", "rename", "either"})
  void givesEveryLineOnceAndInOrder(String way) throws Exception {
    for (long seed = 1; seed <= SEED_COUNT; seed++) {
      Path own = Files.createDirectory(folder.resolve("seed" + seed));
      try (Run run = new Run(own, way, seed)) {
        run.go();
        assertThat(run.got.toString()).as("seed " + seed).isEqualTo(run.expected.toString());
        assertThat(run.tail.warnings).as("seed " + seed).isEmpty();
      }
    }
  }

  /** What a rotation has done so far. */
  private enum State {
    NOTHING,
    MOVED_UP,
    BEGUN_TO_COPY,
    COPIED,
    RENAMED
  }

  private static final class Run implements AutoCloseable {
    final TailSteps tail;
    final StringBuilder expected = new StringBuilder();
    final StringBuilder got = new StringBuilder();
    private final Random random;
    private final String way;
    private State state = State.NOTHING;
    private int number;

    Run(Path own, String way, long seed) throws IOException {
      this.random = new Random(seed);
      this.way = way;
      this.tail = new TailSteps(own, "begin\n");
    }

    void go() throws IOException {
      for (int count = 0; count < STEP_COUNT; count++) {
        act();
        switch (random.nextInt(12)) {
          case 0 -> got.append(tail.poll());
          case 1, 2 -> readOnce();
          case 3, 4, 5 -> tail.behindLooks.add(this::act);
          case 6 -> tail.resume();
          default -> {}
        }
      }
      tail.behindLooks.clear();
      while (state != State.NOTHING) {
        rotate();
      }
      append("end\n");
      got.append(tail.poll());
    }

    @Override
    public void close() {
      tail.close();
    }

    private void readOnce() throws IOException {
      String text = tail.pollOnce();
      got.append(text == null ? "" : text);
    }

    /** The writer or the rotation does its next step. */
    private void act() throws IOException {
      boolean canWrite = state != State.COPIED && state != State.RENAMED;
      if (canWrite && random.nextBoolean()) {
        // Who renames ends a line that is not finished, so it must be.
        boolean whole = !way.equals("copy") || random.nextInt(3) > 0;
        append("line " + number++ + " " + "z".repeat(random.nextInt(30)) + (whole ? "\n" : ", "));
      } else if (state != State.NOTHING || random.nextInt(3) == 0) {
        rotate();
      }
    }

    private void append(String text) throws IOException {
      tail.append(text);
      expected.append(text);
    }

    private void rotate() throws IOException {
      switch (state) {
        case NOTHING -> {
          tail.moveUp();
          state = State.MOVED_UP;
        }
        case MOVED_UP -> {
          String text = Files.readString(tail.log);
          // Beside renamed files one that is empty is none that begins to be a copy.
          int leastBytes = way.equals("copy") ? 0 : 1;
          boolean copies = way.equals("copy") || (way.equals("either") && random.nextBoolean());
          if (copies && text.length() >= leastBytes) {
            int copiedBytes = random.nextInt(leastBytes, text.length() + 1);
            tail.write(tail.copyPath(1), text.substring(0, copiedBytes));
            state = State.BEGUN_TO_COPY;
          } else {
            Files.move(tail.log, tail.copyPath(1));
            state = State.RENAMED;
          }
        }
        case BEGUN_TO_COPY -> {
          tail.copy();
          state = State.COPIED;
        }
        case COPIED -> {
          tail.truncate();
          state = State.NOTHING;
        }
        case RENAMED -> {
          tail.write(tail.log, "");
          state = State.NOTHING;
        }
      }
    }
  }
}
