package io.hostpipe.connector.local;

import io.hostpipe.Address;
import io.hostpipe.Capabilities;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.spi.Connector;
import io.hostpipe.spi.OptionSpec;
import io.hostpipe.spi.OptionValues;
import io.hostpipe.spi.PipeContext;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/**
 * Programs of this host: their stdout as a source, their stdin as a destination, both as a filter.
 */
public final class ExecConnector implements Connector {
  static final String COMMIT = "commit";
  static final String COMMIT_EXIT = "exit";
  static final String COMMIT_WRITTEN = "written";

  private static final List<OptionSpec> OPTIONS =
      List.of(
          OptionSpec.value(
                  Program.ARGUMENT,
                  "WORD",
                  null,
                  "one more argument, taken as it is, behind those of the command; may be given"
                      + " again")
              .repeated(),
          OptionSpec.value(
              Program.FOLDER, "PATH", null, "the folder to run it in, instead of this one"),
          OptionSpec.value(
                  Program.VARIABLE,
                  "NAME=VALUE",
                  null,
                  "a variable more in its environment; may be given again")
              .repeated(),
          OptionSpec.value(
                  COMMIT,
                  "WHEN",
                  COMMIT_EXIT,
                  "what counts as delivered: all of it when the program ended with status 0 after"
                      + " the end of its input (exit), or what was written to it (written)")
              .ofDestination());

  private static final String AS_SOURCE =
      "as a source, it begins at its first byte each time it is started; ";

  private static final String JUDGED_BY_STATUS =
      AS_SOURCE
          + "as a destination, nothing counts as delivered until it has ended with status 0;"
          + " when hostpipe is killed by SIGKILL, the program sees the end of its input as if it"
          + " were that of the stream";

  private static final String COUNTED_WHEN_WRITTEN =
      AS_SOURCE
          + "as a destination, what was written to it counts, though nothing says how much of that"
          + " it read";

  @Override
  public Set<String> schemes() {
    return Set.of(Address.EXEC);
  }

  @Override
  public Kind kind(String scheme) {
    return Kind.STORES;
  }

  @Override
  public String help(String scheme) {
    return "'exec:PROGRAM ARG…' is a program without a shell: its output as a source, its input as"
        + " a destination; its exit status counts";
  }

  @Override
  public Capabilities capabilities(Address address) {
    boolean written = COMMIT_WRITTEN.equals(address.option(COMMIT));
    return new Capabilities(
        false, true, false, false, false, true, written ? COUNTED_WHEN_WRITTEN : JUDGED_BY_STATUS);
  }

  @Override
  public List<OptionSpec> options(String scheme) {
    return OPTIONS;
  }

  @Override
  public String check(Address address, boolean asSource) throws PipeException {
    OptionValues.checkNames(address, OPTIONS, asSource);
    commitsAtEnd(address);
    return "would run " + Program.of(address).find();
  }

  @Override
  public Source source(Address address, PipeContext context) throws PipeException {
    OptionValues.checkNames(address, OPTIONS, true);
    Program program = findable(address);
    String where = "the program '" + program.shown() + "'";
    LocalConnector.checkRaw(context.encoding(), where);
    StreamId asked = context.stream();
    return new PumpedSource(
        asked == null ? new StreamId("exec:" + UUID.randomUUID()) : asked,
        where,
        context.pool(),
        () -> output(program, context),
        () -> {},
        -1);
  }

  @Override
  public Target target(Address address, PipeContext context) throws PipeException {
    OptionValues.checkNames(address, OPTIONS, false);
    Program program = findable(address);
    LocalConnector.checkRaw(context.encoding(), "the program '" + program.shown() + "'");
    return new ExecTarget(program, context, commitsAtEnd(address));
  }

  /** A program that is spoken to and answers. It has to read its input to the end. */
  @Override
  public Pipe connect(Address address, PipeContext context) throws PipeException {
    OptionValues.checkNames(address, OPTIONS);
    Program program = findable(address);
    String where = "the program '" + program.shown() + "'";
    LocalConnector.checkRaw(context.encoding(), where);
    boolean atEnd = commitsAtEnd(address);
    RunningProgram running = program.start(Program.Role.FILTER, context.events());
    Source source =
        new PumpedSource(
            new StreamId("exec:" + UUID.randomUUID()),
            where,
            context.pool(),
            () -> outputOf(running),
            () -> {},
            -1);
    StreamId input = new StreamId("input of a program");
    Sink sink = new ExecSink(input, where, context.pool(), running, atEnd, () -> {});
    return new ExecPipe(where, source, sink);
  }

  @Override
  public Source through(Address address, Source source, PipeContext context) throws PipeException {
    OptionValues.checkNames(address, OPTIONS);
    return new ThroughSource(source, findable(address), context);
  }

  private static ProgramOutput output(Program program, PipeContext context) throws IOException {
    return outputOf(program.start(Program.Role.SOURCE, context.events()));
  }

  private static ProgramOutput outputOf(RunningProgram running) {
    return new ProgramOutput(
        running,
        outputBytes ->
            running.awaitSuccess(
                ", behind " + outputBytes + " bytes of output, which are not the whole"));
  }

  /** A program that is not there is said before anything is opened. */
  private static Program findable(Address address) throws PipeException {
    Program program = Program.of(address);
    program.find();
    return program;
  }

  private static boolean commitsAtEnd(Address address) throws PipeException {
    String when = address.option(COMMIT);
    if (when == null || when.equals(COMMIT_EXIT)) {
      return true;
    }
    if (when.equals(COMMIT_WRITTEN)) {
      return false;
    }
    throw new PipeException.Config(
        "commit of " + address + " is exit or written, not '" + when + "'");
  }
}
