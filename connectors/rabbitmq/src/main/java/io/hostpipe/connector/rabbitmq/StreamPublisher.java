package io.hostpipe.connector.rabbitmq;

import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.connector.rabbitmq.StreamWay.Outgoing;
import io.hostpipe.spi.Attempts;
import io.hostpipe.spi.Commits;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.Republisher;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Publishes the messages of one stream of a pipe, each under a number that grows with its position.
 * The server remembers the newest number of each writer's name, and drops what it has already.
 *
 * <p>On any doubt (a broken connection, an error, no answer) nothing more is sent: the connection
 * is closed, and over another one everything that was not confirmed is sent once more, under the
 * same numbers.
 *
 * <p>Thread rule: one thread publishes; a thread of its own clears up; {@link #close} from any.
 */
final class StreamPublisher implements AutoCloseable {
  /** So many are sent at a time at the most. */
  private static final int TOGETHER_MAX = 1_000;

  /**
   * Nor more bytes than that: a server that gets a whole window at once has nothing to do while the
   * next one is made.
   */
  private static final int TOGETHER_BYTES_MAX = 256 << 10;

  private final StreamOptions options;
  private final PipeContext context;
  private final StreamId stream;
  private final Resume held;
  private final Commits commits;
  private final StreamWindow window;

  private final Republisher<Outgoing, StreamWay> publishing;

  /** What was taken in and is not sent yet. The writer's own. */
  private final List<Outgoing> gathered = new ArrayList<>();

  /** Of these; the writer's own as well. */
  private long gatheredBytes;

  private final Suspicion suspicion = new Suspicion();

  /** How often a connection was tried; one thread's after the other. */
  private int tries;

  private StreamPublisher(
      StreamOptions options, PipeContext context, StreamId stream, Encoding encoding)
      throws PipeException, InterruptedException {
    this.options = options;
    this.context = context;
    this.stream = stream;
    Attempts attempts = new Attempts(context, options.address());
    this.publishing = new Republisher<>(options.address(), attempts, new Steps());
    Opened opened = attempts.first(() -> connectOnce(encoding));
    this.held = opened.held;
    this.commits = new Commits(held.position());
    this.window = new StreamWindow(commits, options.inFlight());
    attempts.succeeded(held.position());
    publishing.start(opened.way, commits, window, "rabbitmq-stream-" + options.name());
    opened.ears.hear(this);
  }

  /** Connects, makes the stream where there is none, and finds the place. Blocks. */
  static StreamPublisher open(
      StreamOptions options, PipeContext context, StreamId stream, Encoding encoding)
      throws PipeException, InterruptedException {
    return new StreamPublisher(options, context, stream, encoding);
  }

  /** How far the stream had got when it was opened. */
  Resume held() {
    return held;
  }

  Commits commits() {
    return commits;
  }

  /** The most bytes of a message, with all that is around its payload. */
  int messageBytesMax() {
    return publishing.route().connection().messageBytesMax();
  }

  boolean closed() {
    return publishing.closed();
  }

  /**
   * Takes a message in; it is sent with {@link #flush}, or sooner. Blocks while too many are out.
   */
  void publish(Outgoing message) throws PipeException, InterruptedException {
    if (gathered.size() >= TOGETHER_MAX || gatheredBytes >= TOGETHER_BYTES_MAX || window.full()) {
      flush();
    }
    boolean _ = window.add(message);
    if (message.refusal() == null) {
      gathered.add(message);
      gatheredBytes += message.bytes().length;
    }
  }

  /** Sends what was taken in. */
  void flush() {
    if (gathered.isEmpty()) {
      return;
    }
    try {
      publishing.send(over -> send(gathered, over));
    } finally {
      gathered.clear();
      gatheredBytes = 0;
    }
  }

  /** Blocks until the server has confirmed all. */
  void awaitConfirmed() throws PipeException, InterruptedException {
    flush();
    window.awaitEmpty();
  }

  /**
   * Looks whether anybody else has written under this name meanwhile, when all is confirmed: the
   * server confirms what it drops, too. Blocks.
   */
  void checkAlone() throws PipeException, InterruptedException {
    long newest;
    try {
      newest = new Streams(publishing.route().connection(), options).newestPublishingId(stream);
    } catch (PipeException e) {
      // It cannot be asked any more; all is confirmed, and nothing is left to be sent.
      return;
    }
    checkIsOurs(newest);
  }

  @Override
  public void close() {
    publishing.close();
  }

  /** Within {@link Republisher#send}. */
  private void send(List<Outgoing> messages, StreamWay over) {
    List<Outgoing> now = new ArrayList<>(messages.size());
    for (Outgoing each : messages) {
      if (window.sends(each, over)) {
        now.add(each);
      }
    }
    try {
      over.publish(now);
    } catch (PipeException e) {
      doubt(over, e);
    }
  }

  private void doubt(StreamWay over, PipeException why) {
    publishing.doubt(over, why);
  }

  private void confirmed(StreamWay over, long[] publishingIds) {
    window.confirm(over, publishingIds);
    publishing.confirmed(over);
  }

  private StreamWay connect() throws PipeException, InterruptedException {
    Ears ears = new Ears(options);
    LastPlace places = new LastPlace(options, ears);
    StreamConnection connection = Keepers.connect(options, places, tries++);
    boolean whole = false;
    try {
      Streams streams = new Streams(connection, options);
      streams.checkExists(true);
      checkIsTheSame(streams, places);
      streams.declarePublisher(StreamWay.PUBLISHER, stream);
      StreamWay next = new StreamWay(connection);
      ears.way = next;
      ears.hear(this);
      whole = true;
      return next;
    } finally {
      if (!whole) {
        connection.close();
      }
    }
  }

  /** What the server has of this stream is what was sent from here. */
  private void checkIsTheSame(Streams streams, LastPlace places)
      throws PipeException, InterruptedException {
    long newest = streams.newestPublishingId(stream);
    checkIsOurs(newest);
    long stored =
        Math.max(window.newestStoredId(), StreamPlace.publishingId(held.position(), false));
    if (newest < stored && !places.has(stream, stored, streams)) {
      // It would go on over a hole.
      String what =
          options.address()
              + ": the server has confirmed the stream "
              + stream
              + " up to position "
              + StreamPlace.position(stored)
              + ", and has it up to position "
              + StreamPlace.position(newest);
      throw suspicion.of(
          List.of(stored, newest),
          what,
          new PipeException.DataLoss(
              what
                  + ": the stream "
                  + options.name()
                  + " was deleted and made again, or the servers lost what they had"));
    }
  }

  /** Nobody else has written under this name, as far as numbers tell. */
  private void checkIsOurs(long newest) throws PipeException {
    long known =
        Math.max(window.newestPublishingId(), StreamPlace.publishingId(held.position(), true));
    if (newest > known) {
      throw new PipeException.Refused(
          Status.ABORTED,
          options.address()
              + ": another process writes the stream "
              + stream
              + " as well, and is at position "
              + StreamPlace.position(newest)
              + "; the server takes each position once, so messages of either may be missing");
    }
  }

  private Opened connectOnce(Encoding encoding) throws PipeException, InterruptedException {
    Ears ears = new Ears(options);
    LastPlace places = new LastPlace(options, ears);
    StreamConnection connection = Keepers.connect(options, places, tries++);
    boolean whole = false;
    try {
      Streams streams = new Streams(connection, options);
      streams.prepare(context.events());
      StreamPlace place = places.of(stream, streams, suspicion);
      if (place != null && place.encoding() != encoding) {
        throw new PipeException.Refused(
            Status.FAILED_PRECONDITION,
            options.address()
                + ": the stream "
                + stream
                + " holds "
                + place.encoding()
                + " there, not "
                + encoding);
      }
      streams.declarePublisher(StreamWay.PUBLISHER, stream);
      ears.way = new StreamWay(connection);
      Resume found = place == null ? Resume.START : place.held();
      whole = true;
      return new Opened(ears.way, ears, found);
    } finally {
      if (!whole) {
        connection.close();
      }
    }
  }

  private final class Steps implements Republisher.Steps<Outgoing, StreamWay> {
    @Override
    public StreamWay connect() throws PipeException, InterruptedException {
      return StreamPublisher.this.connect();
    }

    @Override
    public void sendAgain(List<Outgoing> messages, StreamWay over) {
      send(messages, over);
    }
  }

  private record Opened(StreamWay way, Ears ears, Resume held) {}

  /**
   * Hears what the server says over one connection. What it says before anybody listens is kept:
   * that can be its end alone.
   */
  private static final class Ears implements StreamConnection.Listener {
    private final StreamOptions options;
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable StreamWay way;

    /** Both under the lock. */
    private @Nullable StreamPublisher publisher;

    private @Nullable PipeException end;

    Ears(StreamOptions options) {
      this.options = options;
    }

    void hear(StreamPublisher listening) {
      PipeException before;
      lock.lock();
      try {
        publisher = listening;
        before = end;
      } finally {
        lock.unlock();
      }
      StreamWay mine = way;
      if (before != null && mine != null) {
        listening.doubt(mine, before);
      }
    }

    @Override
    public void confirmed(long[] publishingIds) {
      StreamPublisher listening = listening();
      StreamWay mine = way;
      if (listening != null && mine != null) {
        listening.confirmed(mine, publishingIds);
      }
    }

    @Override
    public void refused(long publishingId, int code) {
      lost(
          StreamCodes.of(
              options.address()
                  + ": the message that ends at position "
                  + StreamPlace.position(publishingId)
                  + " was not taken",
              code));
    }

    @Override
    public void lost(PipeException why) {
      StreamPublisher listening;
      lock.lock();
      try {
        end = end == null ? why : end;
        listening = publisher;
      } finally {
        lock.unlock();
      }
      StreamWay mine = way;
      if (listening != null && mine != null) {
        listening.doubt(mine, why);
      }
    }

    private @Nullable StreamPublisher listening() {
      lock.lock();
      try {
        return publisher;
      } finally {
        lock.unlock();
      }
    }
  }
}
