package io.hostpipe.cli;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.runtime.fault.Cut;
import io.hostpipe.runtime.fault.Fault;
import io.hostpipe.runtime.fault.FaultProxy;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * {@code hostpipe demo}: two processes of this very command, a receiver into a file and a sender
 * from one, and between them a link that is slow enough to watch and is cut again and again. At the
 * end both files are read back from disk and compared.
 *
 * <p>Thread rule: one thread runs it. An interruption ends the processes and removes the files.
 */
final class DemoCommand {
  /** How long a process without a link tries on: shorter than anyone would watch. */
  private static final String GIVE_UP = "20s";

  private static final Duration LISTENS_WITHIN = Duration.ofSeconds(20);
  private static final Duration LOOK = Duration.ofMillis(100);

  /** The order in which faults come; each kind is seen once there are as many cuts as kinds. */
  private static final List<Fault> FAULTS =
      List.of(Fault.FIN, Fault.RESET, Fault.BLACKHOLE, Fault.TORN_FRAME, Fault.ONE_WAY_BLACKHOLE);

  private final DemoOptions options;
  private final Console console;
  private final boolean quiet;
  private final boolean draws;
  private final DemoFiles files;
  private final DemoProcesses processes;
  private final AtomicBoolean told = new AtomicBoolean();

  private DemoCommand(Invocation invocation, Console console) throws PipeException {
    this.options = DemoOptions.parse(invocation.words());
    this.console = console;
    this.quiet = invocation.flags().quiet();
    this.draws =
        switch (invocation.flags().progress()) {
          case ALWAYS -> true;
          case NEVER -> false;
          case AUTO -> !quiet && Terminal.isStderrOne();
        };
    this.files = new DemoFiles(options.file(), console);
    this.processes = new DemoProcesses();
  }

  static ExitCode run(Invocation invocation, Console console)
      throws PipeException, InterruptedException {
    DemoCommand demo = new DemoCommand(invocation, console);
    try (Interruption interruption = new Interruption(demo::cleanUp, demo::tellInterrupted)) {
      try {
        ExitCode code = demo.run(interruption);
        interruption.told(code);
        return code;
      } catch (IOException e) {
        if (interruption.happened()) {
          demo.tellInterrupted();
          return ExitCode.INTERRUPTED;
        }
        throw e instanceof PipeException known
            ? known
            : new PipeException.Closed(Status.INTERNAL, "the demo ended: " + e.getMessage(), e);
      } finally {
        demo.cleanUp();
      }
    }
  }

  private void cleanUp() {
    processes.close();
    files.close();
  }

  private void tellInterrupted() {
    if (told.compareAndSet(false, true)) {
      console.clearStatus();
      console.say("interrupted; the processes are ended, the files removed");
    }
  }

  private ExitCode run(Interruption interruption) throws IOException, InterruptedException {
    say("a file of " + Quantity.bytesText((double) options.sizeBytes()) + " in " + files.folder());
    files.prepare(options.sizeBytes());
    DemoCarrier carrier = options.carrier();
    List<String> listener = new ArrayList<>(carrier.listens(files.folder()));
    listener.add(files.received().toString());
    DemoProcess receiver = start("receiver", listener);
    int port = receiver.awaitListening(LISTENS_WITHIN);
    try (FaultProxy proxy = carrier.proxy(files.folder(), port, processes)) {
      proxy.pace(options.bytesPerSecond());
      planCuts(proxy);
      long startNanos = System.nanoTime();
      List<String> dialer = new ArrayList<>();
      dialer.add(files.sent().toAbsolutePath().toString());
      dialer.addAll(carrier.dials(files.folder(), proxy.place()));
      DemoProcess sender = start("sender", dialer);
      watch(proxy, sender, receiver, startNanos);
      if (interruption.happened()) {
        tellInterrupted();
        return ExitCode.INTERRUPTED;
      }
      return compare(proxy, sender, receiver, System.nanoTime() - startNanos);
    }
  }

  private DemoProcess start(String role, List<String> ends) throws IOException {
    List<String> words = new ArrayList<>(ends);
    words.addAll(List.of("--summary", "json", "--progress", "never", "--give-up", GIVE_UP));
    return processes.start(role, words);
  }

  /** Spread over the middle, so that something lies before the first and behind the last. */
  private void planCuts(FaultProxy proxy) {
    int cutCount = options.cutCount();
    for (int index = 0; index < cutCount; index++) {
      long position = (long) (options.sizeBytes() * (index + 1.0) / (cutCount + 1));
      proxy.cutAt(position, FAULTS.get(index % FAULTS.size()));
    }
  }

  private void watch(FaultProxy proxy, DemoProcess sender, DemoProcess receiver, long startNanos)
      throws InterruptedException {
    int toldCount = 0;
    // Whoever ends in failure leaves the other to give up by itself, as between two hosts.
    while (sender.isAlive() || receiver.isAlive()) {
      List<Cut> cuts = proxy.cuts();
      while (toldCount < cuts.size()) {
        Cut cut = cuts.get(toldCount++);
        say(
            "cut "
                + toldCount
                + " of "
                + options.cutCount()
                + " behind "
                + Quantity.bytesText((double) cut.position())
                + ": "
                + cut.fault());
      }
      if (draws) {
        double seconds = (System.nanoTime() - startNanos) / 1e9;
        long passed = proxy.passedBytes();
        console.status(
            Progress.line(
                passed, passed / seconds, options.sizeBytes(), toldCount + " cuts so far"));
      }
      (sender.isAlive() ? sender : receiver).awaitEnd(LOOK);
    }
    console.clearStatus();
  }

  private ExitCode compare(
      FaultProxy proxy, DemoProcess sender, DemoProcess receiver, long elapsedNanos)
      throws IOException, InterruptedException {
    ExitCode code = sender.exitCode().or(receiver.exitCode());
    if (code != ExitCode.OK) {
      sender.tellFailure(console);
      receiver.tellFailure(console);
    }
    say("reading both files back");
    DemoReport report =
        new DemoReport(
            options.sizeBytes(),
            elapsedNanos,
            proxy.cuts(),
            options.cutCount(),
            sender,
            receiver,
            files.sentDigest(),
            files.receivedDigest());
    console.answer(report.text());
    return report.agrees() ? ExitCode.OK : code.or(ExitCode.DATA_LOSS);
  }

  private void say(String text) {
    if (!quiet) {
      console.say(text);
    }
  }
}
