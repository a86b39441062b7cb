package io.hostpipe.connector.local;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Committed;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Target;
import java.time.Duration;
import java.util.concurrent.CompletionStage;

/**
 * Standard input and output as the two halves of one pipe, independent of each other: the program
 * behind standard output sees its end when that half is finished, however long the other goes on.
 */
final class StdioPipe implements Pipe {
  private final Source source;
  private final Target target;
  private final Sink sink;

  /** A pipe that owns these three; the sink is one of the target's. */
  StdioPipe(Source source, Target target, Sink sink) {
    this.source = source;
    this.target = target;
    this.sink = new EndingSink(sink, target);
  }

  @Override
  public Source source() {
    return source;
  }

  @Override
  public Sink sink() {
    return sink;
  }

  @Override
  public String description() {
    return "standard input and output";
  }

  @Override
  public void close() {
    target.close();
    source.close();
  }

  /** A sink that ends what it writes into, since nobody else will write there. */
  private record EndingSink(Sink sink, Target target) implements Sink {
    @Override
    public Resume resume() throws PipeException, InterruptedException {
      return sink.resume();
    }

    @Override
    public BatchWriter newBatch(int leastBytes) throws PipeException, InterruptedException {
      return sink.newBatch(leastBytes);
    }

    @Override
    public long write(BatchWriter batch) throws PipeException, InterruptedException {
      return sink.write(batch);
    }

    @Override
    public long write(Batch batch) throws PipeException, InterruptedException {
      return sink.write(batch);
    }

    @Override
    public boolean commitsAtEnd() {
      return sink.commitsAtEnd();
    }

    @Override
    public Committed committed() throws PipeException {
      return sink.committed();
    }

    @Override
    public Committed awaitCommitted(long position) throws PipeException, InterruptedException {
      return sink.awaitCommitted(position);
    }

    @Override
    public Committed awaitCommitted(long position, Duration timeout)
        throws PipeException, InterruptedException {
      return sink.awaitCommitted(position, timeout);
    }

    @Override
    public CompletionStage<Committed> whenCommitted(long position) {
      return sink.whenCommitted(position);
    }

    @Override
    public void finish() throws PipeException, InterruptedException {
      sink.finish();
      target.close();
    }

    @Override
    public void close() {
      sink.close();
    }
  }
}
