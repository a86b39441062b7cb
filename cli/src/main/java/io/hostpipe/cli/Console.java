package io.hostpipe.cli;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Where the command's own words go: answers on one stream, everything else on the other.
 *
 * <p>Under the lines that stay there may be one that is redrawn (progress); a line that stays takes
 * its place and pushes it down. Text from peers and files loses its control characters here, so
 * that it can neither move the cursor nor forge a line. Thread rule: any thread.
 */
final class Console {
  private static final String PREFIX = "hostpipe: ";

  private final OutputStream out;
  private final PrintStream err;
  private final Function<String, @Nullable String> environment;
  private final ReentrantLock lock = new ReentrantLock();
  private boolean statusShown;

  Console(OutputStream out, PrintStream err, Function<String, @Nullable String> environment) {
    this.out = out;
    this.err = err;
    this.environment = environment;
  }

  /** The console of this process. UTF-8, whatever the locale: a question mark helps nobody. */
  static Console ofProcess() {
    return new Console(
        new FileOutputStream(FileDescriptor.out),
        new PrintStream(new FileOutputStream(FileDescriptor.err), false, StandardCharsets.UTF_8),
        System::getenv);
  }

  /** An environment variable; null when it is not set. */
  @Nullable String environment(String name) {
    return environment.apply(name);
  }

  /**
   * Prints an answer, which ends its own lines.
   *
   * @throws PipeException Closed when it could not be written: a script must not take a part for
   *     the whole
   */
  void answer(String text) throws PipeException {
    try {
      out.write(text.getBytes(StandardCharsets.UTF_8));
      out.flush();
    } catch (IOException e) {
      throw new PipeException.Closed(
          Status.RESOURCE_EXHAUSTED,
          "the answer could not be written to standard output: " + e.getMessage(),
          e);
    }
  }

  /** Says one thing to a person. */
  void say(String text) {
    lines(PREFIX + printable(text));
  }

  /** Prints lines that have their form already. */
  void lines(String text) {
    lock.lock();
    try {
      if (statusShown) {
        err.print("\r\u001b[K");
        statusShown = false;
      }
      err.print(text + "\n");
      err.flush();
    } finally {
      lock.unlock();
    }
  }

  /** Prints a line of somebody else's as it is, behind this. */
  void foreign(String prefix, byte[] line) {
    lock.lock();
    try {
      if (statusShown) {
        err.print("\r\u001b[K");
        statusShown = false;
      }
      err.print(prefix);
      err.write(line, 0, line.length);
      err.write('\n');
      err.flush();
    } finally {
      lock.unlock();
    }
  }

  /** Draws the line that is redrawn, over its predecessor. */
  void status(String line) {
    lock.lock();
    try {
      err.print("\r" + printable(line).replace('\n', ' ') + "\u001b[K");
      err.flush();
      statusShown = true;
    } finally {
      lock.unlock();
    }
  }

  /** Takes the redrawn line away. */
  void clearStatus() {
    lock.lock();
    try {
      if (statusShown) {
        err.print("\r\u001b[K");
        err.flush();
        statusShown = false;
      }
    } finally {
      lock.unlock();
    }
  }

  /** Prints where a failure came from, for those who look for its cause in the code. */
  void trace(Throwable failure) {
    lock.lock();
    try {
      // The trace itself is what was asked for (-v -v); no message says where it came from.
      failure.printStackTrace(err);
      err.flush();
    } finally {
      lock.unlock();
    }
  }

  /** Further lines are indented, other control characters become question marks. */
  static String printable(String text) {
    StringBuilder shown = new StringBuilder(text.length());
    for (int index = 0; index < text.length(); index++) {
      char c = text.charAt(index);
      if (c == '\n') {
        shown.append("\n  ");
      } else {
        shown.append(c == '\t' || !Character.isISOControl(c) ? c : '?');
      }
    }
    return shown.toString();
  }
}
