package io.hostpipe.cli;

import io.hostpipe.Encoding;
import io.hostpipe.Hostpipe;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.spi.Connector;
import io.hostpipe.spi.PipeContext;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.HdrHistogram.Histogram;

/**
 * {@code hostpipe bench}: measures an address against another bench that listens there, or answers
 * one. {@code bench -} measures the pipes of the operating system, between this process and one of
 * its own.
 *
 * <p>Thread rule: the thread that runs it measures; who answers has a thread for each pipe.
 */
final class BenchCommand {
  /** The code that is measured should be compiled by then. */
  private static final Duration WARM_UP_MAX = Duration.ofSeconds(1);

  private static final int WARM_UP_PART = 4;

  private final BenchOptions options;
  private final Flags flags;
  private final Console console;
  private final End end;

  private BenchCommand(Invocation invocation, Catalog catalog, Console console)
      throws PipeException {
    this.options = BenchOptions.parse(invocation.words());
    this.flags = invocation.flags();
    this.console = console;
    List<End> ends = End.parse(options.words(), catalog, console);
    if (ends.size() != 1) {
      throw new PipeException.Config("say what to measure: " + invocation.command().usage());
    }
    this.end = ends.getFirst();
    if (!end.isLink() && !isStandard()) {
      throw new PipeException.Config(
          end + ": only links can be measured, and '-', which is the local pipes of this system");
    }
    if (options.answers() && !isStandard()) {
      throw new PipeException.Config(
          "'answer' stands behind '-' only; an address that listens answers anyway");
    }
  }

  static ExitCode run(Invocation invocation, Catalog catalog, Console console)
      throws PipeException, InterruptedException {
    BenchCommand bench = new BenchCommand(invocation, catalog, console);
    try {
      if (bench.options.answers()) {
        Bench.answer(
            new BenchStreams(
                new FileInputStream(FileDescriptor.in).getChannel(),
                new FileOutputStream(FileDescriptor.out).getChannel()));
      } else if (bench.end.kind() == Connector.Kind.LISTENS) {
        bench.answerAll();
      } else {
        bench.measure();
      }
      return ExitCode.OK;
    } catch (PipeException e) {
      throw e;
    } catch (IOException e) {
      throw new PipeException.Unreachable(Status.UNAVAILABLE, bench.end + ": " + e.getMessage(), e);
    }
  }

  private boolean isStandard() {
    return end.address().scheme().equals(io.hostpipe.Address.STDIO);
  }

  private PipeContext context() {
    return PipeContext.messages(Hostpipe.pool())
        .withEncoding(Encoding.RAW)
        .withRetry(flags.retry())
        .withEvents(new LinkWatch(console, flags.quiet(), flags.verbosity() > 0));
  }

  /** Answers every pipe that comes, until it is interrupted. */
  private void answerAll() throws PipeException, InterruptedException {
    try (Listener listener = end.connector().listen(end.address(), context())) {
      while (true) {
        Pipe pipe = listener.accept();
        Thread.ofPlatform().name("hostpipe-bench").start(() -> answer(pipe));
      }
    }
  }

  private void answer(Pipe pipe) {
    try (BenchPipe link = new BenchPipe(pipe, true)) {
      Bench.answer(link);
    } catch (IOException e) {
      console.say(pipe.description() + ": " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void measure() throws IOException, InterruptedException {
    String where = isStandard() ? "a local pipe" : end.toString();
    BenchMeasurement measurement = new BenchMeasurement(options, where);
    Duration whole = options.duration();
    Duration part = whole.dividedBy(WARM_UP_PART);
    Duration warmUp = part.compareTo(WARM_UP_MAX) < 0 ? part : WARM_UP_MAX;
    say("measuring " + where + ": bytes");
    measurement.bytes(open(), warmUp);
    BenchMeasurement.Flow bytes = measurement.bytes(open(), whole);
    say("measuring " + where + ": messages");
    measurement.messages(open(), warmUp);
    BenchMeasurement.Flow messages = measurement.messages(open(), whole);
    say("measuring " + where + ": round trips");
    measurement.latency(open(), warmUp);
    Histogram latency = measurement.latency(open(), whole);
    BenchReport report =
        new BenchReport(where, options, bytes, messages, latency, Bench.residentBytes());
    console.answer(
        flags.summary() == Flags.SummaryForm.JSON ? report.json() + "\n" : report.text());
  }

  private BenchLink open() throws IOException, InterruptedException {
    if (!isStandard()) {
      return new BenchPipe(end.connector().connect(end.address(), context()), false);
    }
    return BenchProcess.start();
  }

  private void say(String text) {
    if (!flags.quiet()) {
      console.say(text);
    }
  }
}
