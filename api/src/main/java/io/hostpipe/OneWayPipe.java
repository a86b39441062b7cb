package io.hostpipe;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One direction of a store as a pipe, or a pipe whose other end was put around: what is not there
 * is a mistake of the caller's.
 *
 * <p>Thread rule: as {@link Pipe}. It owns what it closes.
 */
final class OneWayPipe implements Pipe {
  private final @Nullable Source source;
  private final @Nullable Sink sink;
  private final String description;
  private final List<Runnable> closings;

  /**
   * A pipe of what there is.
   *
   * @param closings in their order
   */
  OneWayPipe(
      @Nullable Source source, @Nullable Sink sink, String description, List<Runnable> closings) {
    this.source = source;
    this.sink = sink;
    this.description = description;
    this.closings = List.copyOf(closings);
  }

  @Override
  public Source source() {
    if (source == null) {
      throw new IllegalStateException(description + " is written to; Hostpipe.reader reads it");
    }
    return source;
  }

  @Override
  public Sink sink() {
    if (sink == null) {
      throw new IllegalStateException(description + " is read from; Hostpipe.writer writes to it");
    }
    return sink;
  }

  @Override
  public String description() {
    return description;
  }

  @Override
  public void close() {
    closings.forEach(Runnable::run);
  }
}
