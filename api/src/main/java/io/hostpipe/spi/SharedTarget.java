package io.hostpipe.spi;

import io.hostpipe.Address;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.StreamId;
import io.hostpipe.Target;

/**
 * What any streams may be written into at a time, also mixed: a subject, a queue, a topic. Its
 * sinks are closed with it.
 *
 * <p>Thread rule: any thread.
 */
public abstract class SharedTarget implements Target {
  private final OpenSinks open;

  /**
   * Nothing is written yet.
   *
   * @param address as it was written
   */
  protected SharedTarget(Address address) {
    this.open = new OpenSinks(address.toString());
  }

  /**
   * Opens a sink, which is closed with this target. Blocks.
   *
   * @throws PipeException as {@link Target#open}
   */
  protected abstract Sink sink(StreamId stream, Encoding encoding)
      throws PipeException, InterruptedException;

  @Override
  public final Sink open(StreamId stream, Encoding encoding)
      throws PipeException, InterruptedException {
    return open.add(sink(stream, encoding));
  }

  @Override
  public final boolean manyAtOnce() {
    return true;
  }

  @Override
  public final boolean mixes() {
    return true;
  }

  @Override
  public final void close() {
    open.close();
  }
}
