package io.hostpipe.spi;

import io.hostpipe.Committed;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import java.time.Duration;
import java.util.concurrent.CompletionStage;

/**
 * A sink whose commits are told by {@link Commits}: the asking is the same for all of them.
 *
 * <p>Thread rule: as {@link Sink}.
 */
public abstract class CommittingSink implements Sink {
  /** How far it has committed. */
  protected final Commits commits;

  /** A sink that tells these commits. */
  protected CommittingSink(Commits commits) {
    this.commits = commits;
  }

  @Override
  public final Committed committed() throws PipeException {
    return commits.committed();
  }

  @Override
  public final Committed awaitCommitted(long position) throws PipeException, InterruptedException {
    return commits.await(position);
  }

  @Override
  public final Committed awaitCommitted(long position, Duration timeout)
      throws PipeException, InterruptedException {
    return commits.await(position, timeout);
  }

  @Override
  public final CompletionStage<Committed> whenCommitted(long position) {
    return commits.when(position);
  }
}
