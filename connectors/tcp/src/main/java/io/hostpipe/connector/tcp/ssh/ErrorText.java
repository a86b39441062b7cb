package io.hostpipe.connector.tcp.ssh;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The newest lines that a child said on its standard error. It is always read, so that the child
 * never waits for that. Thread rule: any thread.
 */
final class ErrorText {
  private static final int LINES_MAX = 20;
  private static final int END_LINES = 3;
  private static final int LINE_LENGTH_MAX = 300;

  /** A child of the child may hold the descriptor, and for ever. */
  private static final long END_SECONDS = 1;

  private final ReentrantLock lock = new ReentrantLock();
  private final ArrayDeque<String> lines = new ArrayDeque<>();
  private final CountDownLatch ended = new CountDownLatch(1);

  ErrorText(InputStream in) {
    Thread.ofVirtual().name("hostpipe-ssh-errors").start(() -> read(in));
  }

  /** All that is kept, once the child has ended. */
  String all() {
    awaitEnd();
    lock.lock();
    try {
      return String.join("\n", lines);
    } finally {
      lock.unlock();
    }
  }

  /** The last few lines as one, once the child has ended: why, and what it came to. */
  String end() {
    String[] kept = all().split("\n");
    int from = Math.max(0, kept.length - END_LINES);
    return String.join("; ", Arrays.asList(kept).subList(from, kept.length));
  }

  /** The last line that is not empty, once the child has ended. */
  String last() {
    awaitEnd();
    lock.lock();
    try {
      return lines.isEmpty() ? "" : lines.getLast();
    } finally {
      lock.unlock();
    }
  }

  private void awaitEnd() {
    try {
      boolean _ = ended.await(END_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void read(InputStream in) {
    try (BufferedReader reader =
        new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      for (String line = next(reader); line != null; line = next(reader)) {
        keep(line);
      }
    } catch (IOException e) {
      // It was closed under our hands: nothing more comes.
    } finally {
      ended.countDown();
    }
  }

  /** A line without its control characters, cut where it is too long; null at the end. */
  private static @Nullable String next(BufferedReader reader) throws IOException {
    StringBuilder line = new StringBuilder();
    int c = reader.read();
    if (c < 0) {
      return null;
    }
    while (c >= 0 && c != '\n') {
      if (c >= ' ' && c != 0x7F && line.length() < LINE_LENGTH_MAX) {
        line.append((char) c);
      }
      c = reader.read();
    }
    return line.toString();
  }

  private void keep(String line) {
    if (line.isBlank()) {
      return;
    }
    lock.lock();
    try {
      lines.add(line.strip());
      if (lines.size() > LINES_MAX) {
        lines.remove();
      }
    } finally {
      lock.unlock();
    }
  }
}
