package io.hostpipe.spi;

import io.hostpipe.Address;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import java.util.List;

/**
 * A pipe with both directions over stores that have one each: two subjects, queues or topics of a
 * broker. The path of the address is one of them, and its option {@value #BACK} names the other.
 *
 * <p>Thread rule: as {@link Pipe}.
 */
public final class BackWay extends PairedPipe {
  /** The option with the path of the other direction. */
  public static final String BACK = "back";

  private final Target target;

  private BackWay(Address address, Source source, Target target, Sink sink) {
    super(source, sink, address::toString);
    this.target = target;
  }

  /**
   * The option, to be put beside those of the connector.
   *
   * @param what the other direction goes over, as in "subject"
   */
  public static OptionSpec option(String what) {
    return OptionSpec.value(
        BACK, "NAME", null, "with --duplex: the " + what + " that the other direction goes over");
  }

  /** Refuses the option at an end that has one direction. */
  public static void refuse(Address address) throws PipeException {
    if (address.option(BACK) != null) {
      throw new PipeException.Config(
          address + ": '" + BACK + "' means something with --duplex only, which goes both ways");
    }
  }

  /**
   * Opens both directions. Blocks.
   *
   * @param readsPath whether the path of the address is what is read from, and not what is written
   */
  public static Pipe open(
      Connector connector, Address address, PipeContext context, boolean readsPath)
      throws PipeException {
    String back = address.option(BACK);
    if (back == null) {
      throw new PipeException.Config(
          Status.UNIMPLEMENTED,
          address + " has one direction; name what the other one goes over with back=NAME");
    }
    if (back.equals(address.path())) {
      throw new PipeException.Config(
          address + ": what is written there would be read again; name another one with back=NAME");
    }
    Address forth = address.withoutOption(BACK);
    Address other = forth.withPath(back);
    List<OptionSpec> specs = connector.options(address.scheme());
    Address reads = withoutSide(readsPath ? forth : other, specs, OptionSpec.Side.DESTINATION);
    Address writes = withoutSide(readsPath ? other : forth, specs, OptionSpec.Side.SOURCE);
    try {
      return open(connector, address, reads, writes, context);
    } catch (InterruptedException e) {
      throw Abroad.interrupted("opening " + address);
    }
  }

  private static Pipe open(
      Connector connector, Address address, Address reads, Address writes, PipeContext context)
      throws PipeException, InterruptedException {
    StreamId stream = context.streamOrNew(address.scheme());
    // It reads before it writes: an answer cannot come before it is listened for.
    // And counts no tries: nobody could keep what would be refused for them.
    Source source = connector.source(reads, context.withAttempts(0));
    Target target = null;
    boolean opened = false;
    try {
      target = connector.target(writes, context);
      Pipe pipe = new BackWay(address, source, target, target.open(stream, context.encoding()));
      opened = true;
      return pipe;
    } finally {
      if (!opened) {
        if (target != null) {
          target.close();
        }
        source.close();
      }
    }
  }

  private static Address withoutSide(
      Address address, List<OptionSpec> specs, OptionSpec.Side side) {
    Address rest = address;
    for (OptionSpec spec : specs) {
      if (spec.side() == side) {
        rest = rest.withoutOption(spec.name());
      }
    }
    return rest;
  }

  @Override
  public void close() {
    sink().close();
    target.close();
    source().close();
  }
}
