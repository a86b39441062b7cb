package io.hostpipe.connector.kafka;

import io.hostpipe.Batch;
import io.hostpipe.Cursor;
import io.hostpipe.Digest;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.spi.ForwardingSource;
import io.hostpipe.spi.PipeContext;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What one pipe reads of a partition that the group has given to this member: the partition itself,
 * over a connection of its own, with commits that the group is told.
 *
 * <p>Thread rule: as {@link io.hostpipe.Source}.
 */
final class AssignedSource extends ForwardingSource {
  /** How soon it is noticed that the partition goes to another member. */
  private static final Duration LOOK = Duration.ofMillis(100);

  private final AssignedPartition partition;
  private final Consumer<PipeException> onFailure;

  /**
   * Reads from where the group is, until a destination says where it stands.
   *
   * @param onFailure told what no further try will mend
   */
  AssignedSource(
      AssignedPartition partition, PipeContext context, Consumer<PipeException> onFailure) {
    super(new KafkaSource(partition.options(), context, partition.place()));
    this.partition = partition;
    this.onFailure = onFailure;
  }

  @Override
  public boolean wantsCommits() {
    return true;
  }

  @Override
  public boolean seek(Resume from) throws PipeException, InterruptedException {
    try {
      return inner.seek(partition.begin(from));
    } catch (PipeException e) {
      throw reported(e);
    }
  }

  @Override
  public @Nullable Batch read() throws PipeException, InterruptedException {
    Batch batch = null;
    while (batch == null) {
      batch = read(LOOK);
    }
    return batch;
  }

  @Override
  public @Nullable Batch read(Duration timeout) throws PipeException, InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    do {
      Duration rest = Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
      Duration look = rest.compareTo(LOOK) < 0 ? rest : LOOK;
      Batch batch = partition.mayRead(look.toNanos()) ? next(look) : null;
      if (batch != null) {
        Cursor behind = batch.cursor();
        if (behind != null) {
          partition.handedOver(batch.endPosition(), OffsetCursor.of(behind).offset());
        }
        return batch;
      }
    } while (deadline - System.nanoTime() > 0);
    return null;
  }

  private @Nullable Batch next(Duration timeout) throws PipeException, InterruptedException {
    try {
      return inner.read(timeout);
    } catch (PipeException e) {
      throw reported(e);
    }
  }

  private PipeException reported(PipeException thrown) {
    PipeException why = partition.reason(thrown);
    if (!(why instanceof PipeException.Closed) && !why.status().retryable()) {
      onFailure.accept(why);
    }
    return why;
  }

  @Override
  public void commit(long position) {
    partition.commit(this, position);
  }

  @Override
  public void commit(long position, @Nullable Digest digest) {
    partition.commit(this, position);
  }

  /** The offset of what is kept on disk is committed when the destination has it. */
  @Override
  public void durable(long position) {}

  @Override
  public void durable(long position, @Nullable Digest digest) {}

  /** Nothing: the offset behind it is committed with those of the others. */
  @Override
  public void reject(long endPosition, Rejection why) {}

  @Override
  public void abort(String reason) {
    partition.failed(reason);
    close();
  }
}
