package io.hostpipe.runtime.dead;

import io.hostpipe.Address;
import io.hostpipe.Capabilities;
import io.hostpipe.Encoding;
import io.hostpipe.Guarantee;
import io.hostpipe.Hostpipe;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Refused;
import io.hostpipe.Sink;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.spi.Connector;
import io.hostpipe.spi.ForwardingSink;
import io.hostpipe.spi.LetterKeeper;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.RefusingSource;
import java.nio.file.Path;
import java.util.UUID;

/**
 * Dead letters of programs that use the library: at an address, whatever connector answers for it.
 *
 * <p>Behind what was refused last a program may go on with other messages, at the positions that
 * the refused ones had: nothing that an earlier process put aside stands for anything of this one.
 * What is sent once more and refused once more is kept twice.
 */
public final class AddressLetters implements LetterKeeper {
  private static final String RESUME = "resume";

  @Override
  public Sink around(
      Sink sink, StreamId stream, Address destination, Refused refused, PipeContext context)
      throws PipeException, InterruptedException {
    boolean whole = false;
    try {
      Place place = open(stream, destination, refused.place(), context);
      try {
        DeadLetters letters =
            DeadLetters.open(
                place.sink, refused.place().toString(), stream, nameOf(destination), false);
        Sink kept =
            new DeadLetterSink(sink, stream, letters, false, context.events(), context.pool());
        // What is written next goes behind what the sink has.
        var _ = kept.resume();
        whole = true;
        return new Kept(kept, place.closing);
      } finally {
        if (!whole) {
          place.close();
        }
      }
    } finally {
      if (!whole) {
        sink.close();
      }
    }
  }

  @Override
  public Runnable behind(
      RefusingSource source, StreamId stream, Address origin, Refused refused, PipeContext context)
      throws PipeException, InterruptedException {
    Place place = open(stream, origin, refused.place(), context.withDirections(true, false));
    boolean whole = false;
    try {
      DeadLetters letters =
          DeadLetters.open(place.sink, refused.place().toString(), stream, nameOf(origin), false);
      source.onRefused(letters::keep);
      whole = true;
    } finally {
      if (!whole) {
        place.close();
      }
    }
    return place::close;
  }

  /**
   * Where letters go.
   *
   * @param closing behind the sink
   */
  private record Place(Sink sink, Runnable closing) {
    void close() {
      sink.close();
      closing.run();
    }
  }

  private static Place open(
      StreamId stream, Address destination, Address address, PipeContext context)
      throws PipeException, InterruptedException {
    Connector connector = Hostpipe.connector(address);
    boolean keepsPlaces =
        connector.options(address.scheme()).stream().anyMatch(each -> each.name().equals(RESUME));
    Address kept = keepsPlaces ? address.withOption(RESUME, "true") : address;
    check(connector, destination, kept);
    PipeContext own = context.withAttempts(0).withEncoding(Encoding.RECORDS);
    if (connector.kind(address) == Connector.Kind.CONNECTS) {
      // A peer does not tell what it was sent by an earlier process: each has a stream of its own.
      Pipe pipe =
          connector.connect(address, own.withStream(new StreamId(UUID.randomUUID().toString())));
      return new Place(pipe.sink(), pipe::close);
    }
    boolean bytes = !connector.capabilities(kept).messages();
    Target inner =
        connector.target(kept, bytes ? own.withEncoding(Encoding.RAW).forManyStreams() : own);
    Target target = bytes ? new RecordBytesTarget(inner, context.pool()) : inner;
    try {
      StreamId letters = DeadLetters.streamOf(stream, nameOf(destination));
      return new Place(target.open(letters, Encoding.RECORDS), target::close);
    } catch (PipeException | InterruptedException e) {
      target.close();
      throw e;
    }
  }

  private static void check(Connector connector, Address destination, Address address)
      throws PipeException {
    if (connector.kind(address) == Connector.Kind.LISTENS) {
      throw new PipeException.Config(
          address
              + " waits for a peer, who may never come; refused messages need a place that can"
              + " be dialed, or one that keeps them");
    }
    if (placeOf(address).equals(placeOf(destination))) {
      throw new PipeException.Config(
          address + " is where the messages are refused; name another place for them");
    }
    Capabilities capabilities = connector.capabilities(address);
    boolean folder = address.scheme().equals(Address.FILE) && address.path().endsWith("/");
    if (folder
        || (connector.kind(address) == Connector.Kind.STORES
            && (!capabilities.durable() || capabilities.best() == Guarantee.AT_MOST_ONCE))) {
      throw new PipeException.Config(
          address
              + " keeps no messages that survive this process; refused ones need a file, or a"
              + " broker that keeps them");
    }
  }

  /** Where something is, whatever its options say. */
  private static String placeOf(Address address) {
    Address plain = address;
    for (String name : address.options().keySet()) {
      plain = plain.withoutOption(name);
    }
    return nameOf(plain);
  }

  /** Where something is, without secrets: the same from wherever it is read. */
  private static String nameOf(Address address) {
    return address.scheme().equals(Address.FILE)
        ? Path.of(address.path()).toAbsolutePath().normalize().toString()
        : address.toString();
  }

  /** Closes the place as well. */
  private static final class Kept extends ForwardingSink {
    private final Runnable closing;

    Kept(Sink inner, Runnable closing) {
      super(inner);
      this.closing = closing;
    }

    @Override
    public void close() {
      super.close();
      closing.run();
    }
  }
}
