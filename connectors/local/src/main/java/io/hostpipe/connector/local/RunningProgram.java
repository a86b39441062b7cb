package io.hostpipe.connector.local;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.spi.PipeEvents;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A program that was started here, until it has ended.
 *
 * <p>Who does not want its end any more calls {@link #kill}: it and the programs that it started
 * get SIGTERM and, {@value #GRACE_MILLIS} ms later, SIGKILL. Its input is closed only after that: a
 * program must not take an abort for the end of its input. Thread rule: any thread.
 */
final class RunningProgram {
  /** Below what an interrupted command may take in all. */
  static final long GRACE_MILLIS = 400;

  /** How long its last words may take after its end, and an interruption to be heard of. */
  private static final long LAST_WORDS_MILLIS = 300;

  /** A line on stderr that is longer is told in pieces. */
  private static final int LINE_BYTES_MAX = 8 << 10;

  private static final int LAST_WORDS_LENGTH_MAX = 200;

  /** What the JDK and shells add to the number of the signal that ended a program. */
  private static final int SIGNALED = 128;

  private static final int SIGINT = 2;

  private final Process process;
  private final String shown;
  private final PipeEvents events;
  private final Thread listener;
  private final AtomicBoolean killing = new AtomicBoolean();
  private final CountDownLatch killed = new CountDownLatch(1);
  private final CountDownLatch unwanted = new CountDownLatch(1);
  private volatile String lastWords = "";

  RunningProgram(Process process, String shown, PipeEvents events) {
    this.process = process;
    this.shown = shown;
    this.events = events;
    this.listener =
        Thread.ofPlatform().daemon().name("hostpipe-stderr " + shown).start(this::listen);
  }

  /** What it writes to stdout; only in a role that reads it. */
  InputStream output() {
    return process.getInputStream();
  }

  /** Where its stdin is written; only in a role that writes it. */
  OutputStream input() {
    return process.getOutputStream();
  }

  /** Runs this on a thread of the JDK's when the program has ended by whatever cause. */
  void onEnd(Runnable what) {
    var _ = process.onExit().thenRun(what);
  }

  /** Whether somebody wanted its end. */
  boolean killed() {
    return killing.get();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /**
   * How long the end of its input may come behind its own good end: it may know its last byte from
   * the bytes. A second is long for what is on a disk; a link may have to heal.
   */
  static final long END_OF_INPUT_MILLIS = 10_000;

  /** Whether it has ended, with status 0. */
  boolean succeeded() {
    return !process.isAlive() && process.exitValue() == 0;
  }

  /** Blocks until it has ended. */
  int awaitEnd() throws InterruptedException {
    int status = process.waitFor();
    listener.join(LAST_WORDS_MILLIS);
    return status;
  }

  /** Whether it ends within this time. */
  boolean endsWithin(long millis) throws InterruptedException {
    return process.waitFor(millis, TimeUnit.MILLISECONDS);
  }

  /**
   * Blocks until it has ended, with success or not.
   *
   * @param when completes "… ended with status 3": where it stood by then
   * @throws PipeException Closed when it did not end with status 0
   */
  void awaitSuccess(String when) throws PipeException, InterruptedException {
    int status = awaitEnd();
    if (status != 0) {
      throw failed(status, when);
    }
  }

  /** What is said of an end that is no success; Ctrl-C at a terminal reaches it before us. */
  PipeException failed(int status, String when) throws InterruptedException {
    if (status == SIGNALED + SIGINT) {
      unwanted.await(LAST_WORDS_MILLIS, TimeUnit.MILLISECONDS);
    }
    String signal = status > SIGNALED ? ", as of signal " + (status - SIGNALED) : "";
    String words = lastWords;
    return new PipeException.Closed(
        Status.UNKNOWN,
        "the program '"
            + shown
            + "' ended with status "
            + status
            + signal
            + when
            + (words.isEmpty() ? "" : "; its last words: " + words));
  }

  /**
   * Ends it and what it started, whatever they do. Blocks for no longer than the grace, also while
   * somebody else is at it: the process may be ended when this returns.
   */
  void kill() {
    unwanted.countDown();
    if (killing.compareAndSet(false, true)) {
      try {
        killAll();
      } finally {
        killed.countDown();
      }
      return;
    }
    try {
      killed.await(2 * GRACE_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void killAll() {
    List<ProcessHandle> all = new ArrayList<>();
    all.add(process.toHandle());
    process.descendants().forEach(all::add);
    all.forEach(ProcessHandle::destroy);
    long deadlineNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(GRACE_MILLIS);
    for (ProcessHandle each : all) {
      awaitEnd(each, deadlineNanos - System.nanoTime());
      each.destroyForcibly();
    }
    closeQuietly(process.getOutputStream());
  }

  private static void awaitEnd(ProcessHandle one, long restNanos) {
    try {
      one.onExit().get(Math.max(0, restNanos), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException e) {
      // It goes on: then it is made to end.
    }
  }

  /** The thread of its stderr. */
  private void listen() {
    byte[] line = new byte[LINE_BYTES_MAX];
    int lengthBytes = 0;
    try (InputStream in = process.getErrorStream()) {
      for (int next = in.read(); next >= 0; next = in.read()) {
        if (next == '\n' || lengthBytes == line.length) {
          tell(line, lengthBytes);
          lengthBytes = 0;
        }
        if (next != '\n') {
          line[lengthBytes++] = (byte) next;
        }
      }
    } catch (IOException e) {
      // It was killed; what it said until then was told.
    }
    if (lengthBytes > 0) {
      tell(line, lengthBytes);
    }
  }

  private void tell(byte[] line, int lengthBytes) {
    byte[] said = java.util.Arrays.copyOf(line, lengthBytes);
    String text = new String(said, StandardCharsets.UTF_8).strip();
    if (!text.isEmpty()) {
      lastWords = text.substring(0, Math.min(text.length(), LAST_WORDS_LENGTH_MAX));
    }
    events.programSaid(shown, said);
  }

  static void closeQuietly(java.io.Closeable what) {
    try {
      what.close();
    } catch (IOException e) {
      // The program is gone, and with it whoever could have read the rest.
    }
  }
}
