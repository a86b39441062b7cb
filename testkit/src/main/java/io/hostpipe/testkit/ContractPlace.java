package io.hostpipe.testkit;

import io.hostpipe.Capabilities;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.StreamId;
import io.hostpipe.spi.BlockPool;
import java.nio.ByteBuffer;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a connector's test supplies to the {@link ConnectorContract}: how to open a stream on the
 * connector, and what it declares to be able to do.
 *
 * <p>One is made for each test and closed after it.
 */
public abstract class ContractPlace implements AutoCloseable {
  /** What some connectors can do and others, by their nature, cannot. */
  public enum Ability {
    /** A stream has a way back: it is one direction of a pipe. */
    BOTH_WAYS,
    /** A writer waits when its reader stops, and what waits is bounded. */
    PUSHES_BACK,
    /** What the reader commits or rejects is told to the writer. */
    TELLS_COMMITS,
    /** Who is left behind by a close without a finish hears of it. */
    TELLS_ABORTS,
    /** Cursors travel with their batches. */
    CARRIES_CURSORS,
    /** A stream that broke off is opened again under its id, and knows where it stood. */
    REOPENS
  }

  private final BlockPool pool = new BlockPool(8 << 20);

  /** Where every block of this test comes from, on both sides. */
  public final BlockPool pool() {
    return pool;
  }

  /** What the connector declares of the addresses that this place opens. */
  public abstract Capabilities capabilities();

  /** What it is able to do beyond that. */
  public abstract Set<Ability> abilities();

  /** What it can carry. */
  public Set<Encoding> encodings() {
    return capabilities().messages()
        ? Set.of(Encoding.RAW, Encoding.RECORDS)
        : Set.of(Encoding.RAW);
  }

  /** Opens a stream of that id, or opens it again; both ends are ready. */
  public abstract ContractWay open(StreamId stream, Encoding encoding)
      throws PipeException, InterruptedException;

  /** The most bytes of blocks that may be out while a writer waits for a reader that stopped. */
  public long waitingBytesMax() {
    return 32L << 20;
  }

  /**
   * A payload that the streams opened from now on refuse by themselves, for good.
   *
   * @return null when the connector takes everything
   */
  public @Nullable ByteBuffer refusedPayload() {
    return null;
  }

  /** Closes what is still open. */
  @Override
  public abstract void close();
}
