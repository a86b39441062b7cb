package io.hostpipe.spi;

import io.hostpipe.AckLevel;
import io.hostpipe.Encoding;
import io.hostpipe.StreamId;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a connector is given when it opens an end.
 *
 * @param pool where blocks come from
 * @param encoding whether the caller moves bytes or messages
 * @param stream the id of the stream that goes out; null lets the connector choose
 * @param sends whether the caller will write
 * @param receives whether the caller will read
 * @param ack what an acknowledgement must mean
 * @param kept what the caller's own acknowledgements may mean, as a receiver
 * @param holdings what the caller has of the streams that may come in
 * @param spooled whether what comes in is kept in front of its sink: then a commit says that the
 *     sink has it, and {@code Source.durable} alone says what survives a loss of power
 * @param takesOver whether the stream that goes out is taken from a writer that may still live
 * @param manyStreams whether a store is to take many streams, as they come, and not one
 * @param attempts how often a message is tried that a store answers about by name, saying that it
 *     does not take it now, or that a store gives out and nobody commits: after that it is refused;
 *     0 for as often as it takes
 * @param retry how broken links are tried again
 * @param events who is told about the link's state
 * @param carriers what this address shares with the others of its pipe; null where it is alone
 */
public record PipeContext(
    BlockPool pool,
    Encoding encoding,
    @Nullable StreamId stream,
    boolean sends,
    boolean receives,
    AckLevel ack,
    Set<AckLevel> kept,
    Holdings holdings,
    boolean spooled,
    boolean takesOver,
    boolean manyStreams,
    int attempts,
    RetryPolicy retry,
    PipeEvents events,
    @Nullable Carriers carriers) {
  /** What a receiver can say whose sink commits and that keeps nothing by itself. */
  public static final Set<AckLevel> KEPT_IN_MEMORY = Set.of(AckLevel.RECEIVED, AckLevel.APPLIED);

  /** What a receiver can say that has a spool, or a sink which keeps its place. */
  public static final Set<AckLevel> KEPT_DURABLY = Set.of(AckLevel.values());

  /** Messages both ways with the defaults. */
  public static PipeContext messages(BlockPool pool) {
    return new PipeContext(
        pool,
        Encoding.RECORDS,
        null,
        true,
        true,
        AckLevel.APPLIED,
        KEPT_IN_MEMORY,
        Holdings.NONE,
        false,
        false,
        false,
        0,
        RetryPolicy.DEFAULT,
        PipeEvents.SILENT,
        null);
  }

  /** The id of the stream that goes out; where there is none, one that nobody else has. */
  public StreamId streamOrNew(String prefix) {
    return stream == null ? new StreamId(prefix + ":" + UUID.randomUUID()) : stream;
  }

  /** The same for bytes or messages. */
  public PipeContext withEncoding(Encoding other) {
    Draft draft = new Draft(this);
    draft.encoding = other;
    return draft.toContext();
  }

  /** The same with another stream id. */
  public PipeContext withStream(StreamId other) {
    Draft draft = new Draft(this);
    draft.stream = other;
    return draft.toContext();
  }

  /** The same for these directions. */
  public PipeContext withDirections(boolean willSend, boolean willReceive) {
    Draft draft = new Draft(this);
    draft.sends = willSend;
    draft.receives = willReceive;
    return draft.toContext();
  }

  /** The same with another acknowledgement level. */
  public PipeContext withAck(AckLevel other) {
    Draft draft = new Draft(this);
    draft.ack = other;
    return draft.toContext();
  }

  /**
   * The same for a receiver that remembers, and whose acknowledgements may mean this. Where that
   * includes {@code DURABLE}, what its sink commits survives a loss of power.
   */
  public PipeContext withHoldings(Holdings other, Set<AckLevel> keeps) {
    Draft draft = new Draft(this);
    draft.kept = keeps;
    draft.holdings = other;
    draft.spooled = false;
    return draft.toContext();
  }

  /**
   * The same for a receiver that keeps what comes in a spool, in front of a sink that may be slow
   * or away: it says by {@code Source.durable} what is safe, and by {@code commit} what the sink
   * has.
   */
  public PipeContext withSpool(Holdings spool) {
    Draft draft = new Draft(this);
    draft.kept = KEPT_DURABLY;
    draft.holdings = spool;
    draft.spooled = true;
    return draft.toContext();
  }

  /** The same, taking the stream that goes out from whoever writes it now. */
  public PipeContext takingOver() {
    Draft draft = new Draft(this);
    draft.takesOver = true;
    return draft.toContext();
  }

  /** The same for a store that takes many streams. */
  public PipeContext forManyStreams() {
    Draft draft = new Draft(this);
    draft.manyStreams = true;
    return draft.toContext();
  }

  /** The same for a store that takes one stream, as is the default. */
  public PipeContext forOneStream() {
    Draft draft = new Draft(this);
    draft.manyStreams = false;
    return draft.toContext();
  }

  /** The same with another limit of tries at one message; 0 for none. */
  public PipeContext withAttempts(int other) {
    Draft draft = new Draft(this);
    draft.attempts = other;
    return draft.toContext();
  }

  /** The same with other limits of retrying. */
  public PipeContext withRetry(RetryPolicy other) {
    Draft draft = new Draft(this);
    draft.retry = other;
    return draft.toContext();
  }

  /** The same, told to someone else. */
  public PipeContext withEvents(PipeEvents other) {
    Draft draft = new Draft(this);
    draft.events = other;
    return draft.toContext();
  }

  /** The same for one of several addresses of a pipe. */
  public PipeContext withCarriers(Carriers shared) {
    Draft draft = new Draft(this);
    draft.carriers = shared;
    return draft.toContext();
  }

  /** A copy that is about to be changed. */
  private static final class Draft {
    private final BlockPool pool;
    private Encoding encoding;
    private @Nullable StreamId stream;
    private boolean sends;
    private boolean receives;
    private AckLevel ack;
    private Set<AckLevel> kept;
    private Holdings holdings;
    private boolean spooled;
    private boolean takesOver;
    private boolean manyStreams;
    private int attempts;
    private RetryPolicy retry;
    private PipeEvents events;
    private @Nullable Carriers carriers;

    Draft(PipeContext from) {
      this.pool = from.pool;
      this.encoding = from.encoding;
      this.stream = from.stream;
      this.sends = from.sends;
      this.receives = from.receives;
      this.ack = from.ack;
      this.kept = from.kept;
      this.holdings = from.holdings;
      this.spooled = from.spooled;
      this.takesOver = from.takesOver;
      this.manyStreams = from.manyStreams;
      this.attempts = from.attempts;
      this.retry = from.retry;
      this.events = from.events;
      this.carriers = from.carriers;
    }

    PipeContext toContext() {
      return new PipeContext(
          pool,
          encoding,
          stream,
          sends,
          receives,
          ack,
          kept,
          holdings,
          spooled,
          takesOver,
          manyStreams,
          attempts,
          retry,
          events,
          carriers);
    }
  }
}
