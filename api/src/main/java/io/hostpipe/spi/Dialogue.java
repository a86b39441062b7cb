package io.hostpipe.spi;

import io.hostpipe.Address;
import io.hostpipe.Encoding;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;

/**
 * Both directions of requests and their answers, over one subject or queue of a broker. One end
 * writes requests and reads their answers, in the order of the requests; at the other end requests
 * are read, and what is written are their answers: the first answers the first, and so on.
 *
 * <p>Thread rule: as {@link Pipe}.
 */
public final class Dialogue extends PairedPipe {
  /**
   * Of both ends, which are closed with it.
   *
   * @param address as it was written
   */
  public Dialogue(Address address, Source source, Sink sink) {
    super(source, sink, address::toString);
  }

  /** Opens both ends. */
  @FunctionalInterface
  public interface Opening {
    /** Blocks. */
    Dialogue open() throws PipeException, InterruptedException;
  }

  /**
   * Opens it, where messages are moved. Blocks.
   *
   * @throws PipeException Config for bytes, which have no borders; Closed when the caller is
   *     interrupted
   */
  public static Pipe open(Address address, Encoding encoding, Opening opening)
      throws PipeException {
    if (encoding != Encoding.RECORDS) {
      throw new PipeException.Config(
          address
              + ": a request and its answer are messages; say how they are told apart, as in"
              + " --frame lines");
    }
    try {
      return opening.open();
    } catch (InterruptedException e) {
      throw Abroad.interrupted("opening " + address);
    }
  }

  @Override
  public void close() {
    sink().close();
    source().close();
  }
}
