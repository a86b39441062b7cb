package io.hostpipe.connector.tcp.ssh;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.runtime.Dialer;
import io.hostpipe.runtime.Link;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Runs ssh, and the far hostpipe by it.
 *
 * <p>A far end that is opened by the far hostpipe is opened once, by the first link: that process
 * waits there for the next ones. So the links after it find it, or nobody.
 */
final class SshDialer implements Dialer {
  /** Time to connect, log in and start a Java; longer where a person may be asked. */
  private static final long READY_SECONDS = 30;

  private static final long READY_SECONDS_ASKED = 180;

  private static final long ENDING_SECONDS = 2;

  /** What ssh itself ends with. */
  private static final int SSH_FAILED = 255;

  /** What the far hostpipe ends with when nobody waits for the name. */
  private static final int NOBODY = 3;

  /** With which a hostpipe says that it is of no use to start it again. */
  private static final Set<Integer> FINAL_CODES = Set.of(2, 4, 5, 6, 7);

  /** What ssh says where it is of no use to try again, whatever else it says. */
  private static final List<String> FINAL_WORDS =
      List.of(
          "Host key verification failed",
          "HOST IDENTIFICATION HAS CHANGED",
          "Too many authentication failures",
          "Bad configuration",
          "Bad owner or permissions");

  /** The same where it is the last that it says: before that it may be a warning, or a banner. */
  private static final List<String> LAST_FINAL_WORDS =
      List.of("Permission denied", "no matching", "No such file or directory", "not accessible");

  private final SshAddress address;
  private final String id;
  private boolean opened;

  /** The link before, by which the far hostpipe may have said its last word. */
  private @Nullable ProcessLink before;

  private @Nullable ErrorText beforeErrors;

  /**
   * A dialer of this address.
   *
   * @param id the name of the pipe, by which a far process that this one has started is known
   */
  SshDialer(SshAddress address, String id) {
    this.address = address;
    this.id = id;
  }

  @Override
  public Link dial() throws IOException {
    checkBefore();
    Link link = dialFor(words());
    opened = true;
    return link;
  }

  /** A far hostpipe that had opened its end and failed for good is not there to be dialed again. */
  private void checkBefore() throws PipeException {
    ProcessLink link = before;
    ErrorText errors = beforeErrors;
    before = null;
    beforeErrors = null;
    int exitCode = link == null || address.far() == null ? 0 : link.exitCode();
    if (errors != null && FINAL_CODES.contains(exitCode)) {
      throw ended(exitCode, errors.end());
    }
  }

  /** Looks whether it would work, and changes nothing; one line on what was found. */
  String probe() throws IOException {
    boolean named = address.far() == null;
    try (Link link = dialFor(named ? List.of("probe", address.name()) : List.of("probe"))) {
      return link.peer()
          + " takes this login and has a hostpipe"
          + (named ? ", where somebody waits for '" + address.name() + "'" : "");
    }
  }

  @Override
  public String peer() {
    return address.peer();
  }

  private List<String> words() {
    String far = address.far();
    if (far == null) {
      return List.of("pipe", address.name());
    }
    List<String> words = new ArrayList<>();
    words.add(address.farIsSource() ? SshAddress.FROM : SshAddress.TO);
    words.add(id);
    words.add(far);
    if (opened) {
      words.add("again");
    }
    return words;
  }

  private Link dialFor(List<String> words) throws IOException {
    List<String> serve = new ArrayList<>(words);
    serve.addFirst("ssh-serve");
    boolean asks = hasTerminal();
    Process process = start(address.command(asks, serve.toArray(String[]::new)));
    UnusedProcesses.dialing(process);
    ErrorText errors = new ErrorText(process.getErrorStream());
    long seconds = asks ? READY_SECONDS_ASKED : READY_SECONDS;
    CompletableFuture<Process> late =
        process
            .onExit()
            .orTimeout(seconds, TimeUnit.SECONDS)
            .whenComplete((ended, timeout) -> {
              if (timeout != null) {
                process.destroyForcibly();
              }
            });
    boolean ready = Ready.await(process.getInputStream());
    if (ready && process.isAlive() && !late.isDone()) {
      // From here on the link's own signs of life decide.
      late.cancel(false);
      UnusedProcesses.used(process);
      ProcessLink link = new ProcessLink(process, peer());
      before = link;
      beforeErrors = errors;
      return link;
    }
    int exitCode = exitCode(process);
    throw failure(exitCode, late.isCompletedExceptionally(), seconds, errors);
  }

  private Process start(List<String> command) throws IOException {
    try {
      return new ProcessBuilder(command).start();
    } catch (IOException e) {
      throw new PipeException.Refused(
          Status.NOT_FOUND,
          address.shown()
              + ": '"
              + address.program()
              + "' cannot be run here; install openssh-client, or name it with ssh=PROGRAM",
          e);
    }
  }

  /** Whether there is somebody whom ssh could ask: it does so past stdin and stdout. */
  private static boolean hasTerminal() {
    try (InputStream _ = Files.newInputStream(Path.of("/dev/tty"))) {
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static int exitCode(Process process) throws IOException {
    try {
      // It has closed its output, and so ends; or it talks on, and is no hostpipe.
      if (!process.waitFor(ENDING_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
      return process.waitFor();
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while ssh was dialing");
    }
  }

  /** What went wrong, as what is tried again or what is not. */
  private IOException failure(int exitCode, boolean late, long seconds, ErrorText errors) {
    String said = errors.last();
    if (late) {
      return new ConnectException(
          peer() + " did not start a session within " + seconds + " s" + behind(said));
    }
    return switch (exitCode) {
      case SSH_FAILED -> {
        String text = errors.all();
        if (FINAL_WORDS.stream().anyMatch(text::contains)
            || LAST_FINAL_WORDS.stream().anyMatch(said::contains)) {
          yield refused(Status.PERMISSION_DENIED, "ssh failed" + behind(said));
        }
        yield new ConnectException("ssh failed" + behind(said));
      }
      case FarCommand.NOT_FOUND ->
          refused(
              Status.NOT_FOUND,
              "there is no hostpipe on "
                  + address.host()
                  + "; install it there, or name it with hostpipe=PATH"
                  + behind(said));
      case NOBODY -> new ConnectException(said.isEmpty() ? "nobody waits there" : said);
      default -> ended(exitCode, errors.end());
    };
  }

  private PipeException ended(int exitCode, String said) {
    return refused(
        Status.FAILED_PRECONDITION,
        "the far hostpipe on " + address.host() + " ended with " + exitCode + behind(said));
  }

  private PipeException refused(Status status, String text) {
    return new PipeException.Refused(status, address.shown() + ": " + text);
  }

  private static String behind(String said) {
    return said.isEmpty() ? "" : ": " + said;
  }
}
