package io.hostpipe.connector.local;

import io.hostpipe.Committed;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Target;
import io.hostpipe.spi.ForwardingSink;
import io.hostpipe.spi.PairedPipe;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Standard input and output as the two halves of one pipe, independent of each other: the program
 * behind standard output sees its end when that half is finished, however long the other goes on.
 */
final class StdioPipe extends PairedPipe {
  private final Target target;

  /** A pipe that owns these three; the sink is one of the target's. */
  StdioPipe(Source source, Target target, Sink sink) {
    super(source, new EndingSink(sink, target), () -> "standard input and output");
    this.target = target;
  }

  @Override
  public void close() {
    target.close();
    source().close();
  }

  /** A sink that ends what it writes into, since nobody else will write there. */
  private static final class EndingSink extends ForwardingSink {
    private final Target target;

    /** What it had committed when it ended; a closed target says nothing more. */
    private volatile @Nullable Committed atEnd;

    EndingSink(Sink sink, Target target) {
      super(sink);
      this.target = target;
    }

    @Override
    public void finish() throws PipeException, InterruptedException {
      inner.finish();
      atEnd = inner.committed();
      target.close();
    }

    @Override
    public Committed committed() throws PipeException {
      Committed last = atEnd;
      return last == null ? inner.committed() : last;
    }

    @Override
    public Committed awaitCommitted(long position) throws PipeException, InterruptedException {
      Committed last = atEnd;
      return last == null ? inner.awaitCommitted(position) : last;
    }

    @Override
    public Committed awaitCommitted(long position, Duration timeout)
        throws PipeException, InterruptedException {
      Committed last = atEnd;
      return last == null ? inner.awaitCommitted(position, timeout) : last;
    }
  }
}
