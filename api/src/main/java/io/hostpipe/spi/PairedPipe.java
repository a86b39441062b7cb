package io.hostpipe.spi;

import io.hostpipe.Pipe;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import java.util.function.Supplier;

/**
 * A pipe of a source and a sink that are there already. Who extends it says how both are closed,
 * and what happened so far where that is known.
 *
 * <p>Thread rule: as {@link Pipe}. It owns both.
 */
public abstract class PairedPipe implements Pipe {
  private final Source source;
  private final Sink sink;
  private final Supplier<String> description;

  /**
   * A pipe of these two.
   *
   * @param description both ends, for a log line; asked each time, on any thread
   */
  protected PairedPipe(Source source, Sink sink, Supplier<String> description) {
    this.source = source;
    this.sink = sink;
    this.description = description;
  }

  @Override
  public final Source source() {
    return source;
  }

  @Override
  public final Sink sink() {
    return sink;
  }

  @Override
  public final String description() {
    return description.get();
  }
}
