package io.hostpipe.testkit;

import io.hostpipe.Pipe;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One stream with both of its ends in the hands of a test.
 *
 * @param sink where the test writes
 * @param source where it reads
 * @param closeSink closes whatever the sink belongs to
 * @param closeSource closes whatever the source belongs to
 * @param back the other direction, where there is one
 */
public record ContractWay(
    Sink sink,
    Source source,
    Runnable closeSink,
    Runnable closeSource,
    @Nullable ContractWay back) {
  /** The stream from one end of a pipe to the other, with its way back. */
  public static ContractWay between(Pipe near, Pipe far) {
    ContractWay back = new ContractWay(far.sink(), near.source(), far::close, near::close, null);
    return new ContractWay(near.sink(), far.source(), near::close, far::close, back);
  }

  /** The stream into a target and out of a source. */
  public static ContractWay through(Sink sink, Source source) {
    return new ContractWay(sink, source, sink::close, source::close, null);
  }

  /** The end that writes here and reads what comes back, as a pipe. */
  public Pipe near() {
    return new End(sink, Objects.requireNonNull(back).source(), closeSink);
  }

  /** The other end, as a pipe. */
  public Pipe far() {
    return new End(Objects.requireNonNull(back).sink(), source, closeSource);
  }

  /** Closes both ends. */
  public void close() {
    closeSink.run();
    closeSource.run();
  }

  private record End(Sink sink, Source source, Runnable closing) implements Pipe {
    @Override
    public String description() {
      return "one end of " + source.stream();
    }

    @Override
    public void close() {
      closing.run();
    }
  }
}
