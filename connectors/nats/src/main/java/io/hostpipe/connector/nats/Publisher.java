package io.hostpipe.connector.nats;

import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.Attempts;
import io.hostpipe.spi.Commits;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.PipeEvents;
import io.hostpipe.spi.RefusesFirst;
import io.hostpipe.spi.Republisher;
import io.nats.client.JetStreamApiException;
import io.nats.client.api.StreamInfo;
import io.nats.client.impl.Headers;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Publishes the messages of one stream, and asks the server what it has when something is doubtful.
 *
 * <p>Each message has an id, by which the server knows a second copy for a while. The first one on
 * a connection names the sequence that the subject's last message must have, so another writer is
 * noticed, and so is a message of an earlier connection that came late; this cannot be pipelined.
 * Where the stream has this subject alone, each further message names the id of the one before it,
 * which can be: so the server refuses whatever would leave a gap. Where other subjects lie in the
 * same stream, what was stored is looked through after a break instead.
 *
 * <p>On any doubt (a broken connection, an error, no answer, a copy that the server says it knows)
 * nothing more is sent: the connection is closed, and over another one the subject's last message
 * says what is stored. What is not is sent again from there.
 *
 * <p>Thread rule: one thread publishes; a thread of its own clears up; {@link #close} from any.
 */
final class Publisher implements Confirmations.Listener, AutoCloseable {
  static final String EXPECTED_LAST_ID = "Nats-Expected-Last-Msg-Id";
  static final String EXPECTED_LAST_SEQUENCE = "Nats-Expected-Last-Subject-Sequence";

  private static final String WAITS =
      "; what is written waits until there is, or --give-up ends it";

  /** That there is no room is not said again so soon, however often some is made. */
  private static final long SAY_AGAIN_NANOS = TimeUnit.MINUTES.toNanos(5);

  /** So long a new leader of a stream may take to show what an earlier one confirmed. */
  private static final long CATCH_UP_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final NatsOptions options;
  private final PipeContext context;
  private final StreamId stream;
  private final Encoding encoding;
  private final Attempts attempts;

  /** Since when the server shows less than was confirmed; of the thread that clears up. */
  private boolean behind;

  private long behindSinceNanos;

  /** Since when the stream is not found; null while it is. Of the same thread. */
  private @Nullable Long goneSinceNanos;

  /** When it was said last that there is no room; null for never. Of the thread of answers. */
  private volatile @Nullable Long saidNanos;

  private volatile long epoch;
  private volatile RefusesFirst.@Nullable Refusal refusal;
  private volatile @Nullable Refused refused;
  private final Resume held;
  private final long sequenceAtOpen;
  private final Commits commits;
  private final Window window;
  private final Republisher<Unconfirmed, Way> publishing;

  private Publisher(
      NatsOptions options, PipeContext context, StreamId stream, Encoding encoding, Attempts tries)
      throws PipeException, InterruptedException {
    this.options = options;
    this.context = context;
    this.stream = stream;
    this.encoding = encoding;
    this.attempts = tries;
    this.publishing = new Republisher<>(options.address(), attempts, new Steps());
    Opened opened = attempts.first(this::connectOnce);
    this.held = opened.held;
    attempts.succeeded(held.position());
    this.sequenceAtOpen = opened.way.places().lastSequence();
    this.epoch = held.epoch();
    this.commits = new Commits(held.position());
    this.window =
        new Window(commits, opened.way.refusesAmong() ? 1 : options.inFlight(), sequenceAtOpen);
    publishing.start(opened.way, commits, window, "nats-" + options.subject());
  }

  /** Connects, makes the stream where there is none, and finds the place. Blocks. */
  static Publisher open(
      NatsOptions options, PipeContext context, StreamId stream, Encoding encoding)
      throws PipeException, InterruptedException {
    Attempts attempts = new Attempts(context, options.address());
    return new Publisher(options, context, stream, encoding, attempts);
  }

  /** How far the stream had got when it was opened. */
  Resume held() {
    return held;
  }

  Commits commits() {
    return commits;
  }

  /** The most bytes of a message, headers included. */
  long maxPayload() {
    return publishing.route().maxPayload();
  }

  /** Why the server does not take such a message; null where it does. */
  @Nullable Rejection refusal(Unconfirmed message) {
    return publishing.route().refusal(message);
  }

  boolean closed() {
    return publishing.closed();
  }

  void checkOpen() throws PipeException {
    publishing.checkOpen();
  }

  /** Has a message kept that the server refuses for good, before anything behind it is sent. */
  void onRefusal(RefusesFirst.Refusal told) {
    refusal = told;
  }

  /** The writer has this epoch from here on. */
  void fence(long newEpoch) {
    epoch = newEpoch;
  }

  /** Hands over a message. Blocks while too much is unconfirmed. */
  void publish(Unconfirmed message) throws PipeException, InterruptedException {
    if (!window.add(message)) {
      return;
    }
    publishing.send(over -> {
      // What came between is sent by whoever clears it up, and not twice.
      if (!message.isSent()) {
        send(message, over);
      }
    });
  }

  /** Blocks until the server has confirmed all. */
  void awaitConfirmed() throws PipeException, InterruptedException {
    window.awaitEmpty();
  }

  @Override
  public void close() {
    publishing.close();
  }

  /** Within {@link Republisher#send}. */
  private void send(Unconfirmed message, Way over) {
    message.sendsOver(over);
    Headers headers = message.headers();
    String before = over.lastId();
    if (before == null) {
      headers.put(EXPECTED_LAST_SEQUENCE, "" + over.places().lastSequence());
    } else if (over.chains()) {
      headers.put(EXPECTED_LAST_ID, before);
    }
    try {
      over.publish(options.subject(), headers, message);
    } catch (IllegalStateException | IllegalArgumentException e) {
      doubt(over, "the server cannot be written to: " + Attempts.reason(e), e);
    }
  }

  @Override
  public void stored(Unconfirmed message, Way over, long sequence) {
    if (over == publishing.route()) {
      publishing.confirmed(over);
      window.confirm(message, sequence);
    }
  }

  @Override
  public void doubtful(Unconfirmed message, Way over, @Nullable Exception failure) {
    if (over != publishing.route()) {
      return;
    }
    if (failure == null) {
      // A copy may be known and not be stored: the last message tells.
      doubt(
          over,
          "the server knows the message that ends at position " + message.endPosition(),
          null);
      return;
    }
    String unconfirmed =
        "the message that ends at position " + message.endPosition() + " was not confirmed";
    String lack = window.isOldest(message) ? lack(message, over, failure) : null;
    if (lack == null) {
      doubt(over, unconfirmed + ": " + Attempts.reason(failure), failure);
    } else {
      publishing.doubt(
          over,
          new PipeException.Unreachable(
              Status.RESOURCE_EXHAUSTED,
              options.address() + ": " + lack + ": " + unconfirmed,
              failure));
    }
  }

  /** What has no room for the oldest message, which is noted and said; null when that is not it. */
  private @Nullable String lack(Unconfirmed message, Way over, Exception failure) {
    if (!(failure instanceof JetStreamApiException told)) {
      return null;
    }
    if (JetStreamErrors.isAboutMessage(told)) {
      String reason = told.getErrorDescription();
      boolean tooLong = JetStreamErrors.isTooLong(told);
      Refused before = refused;
      int times = before != null && before.message.equals(message) ? before.times + 1 : 1;
      refused = new Refused(message, times, reason);
      String lack =
          "the stream "
              + over.streamName()
              + (tooLong ? " does not take it (" : " has no room (")
              + reason
              + ")";
      if (context.attempts() == 0 && !tooLong) {
        say(lack + WAITS + "; with --attempts N a message is refused after N tries");
      }
      return lack;
    }
    if (JetStreamErrors.isOutOfRoom(told)) {
      String lack = JetStreamErrors.noRoom(told);
      say(lack + WAITS);
      return lack;
    }
    return null;
  }

  private void say(String lack) {
    long nowNanos = System.nanoTime();
    Long before = saidNanos;
    if (before == null || nowNanos - before >= SAY_AGAIN_NANOS) {
      context.events().warning(options.address() + ": " + lack);
    }
    // Whoever waits on is not told again: that was said.
    saidNanos = nowNanos;
  }

  @Override
  public void told() {
    window.tell();
  }

  private void doubt(Way over, String what, @Nullable Throwable why) {
    PipeException denied = over.connection().denial();
    publishing.doubt(
        over,
        denied != null
            ? denied
            : new PipeException.Unreachable(options.address() + ": " + what, why));
  }

  /**
   * What the server has answered about the oldest message: it is tried again, or is refused when it
   * was tried as often as was asked for.
   */
  private void refuse(Way next) throws PipeException, InterruptedException {
    Refused last = refused;
    if (last == null || !window.isOldest(last.message)) {
      refused = null;
      return;
    }
    if (context.attempts() == 0 || last.times < context.attempts()) {
      return;
    }
    Rejection why =
        new Rejection(
            Status.RESOURCE_EXHAUSTED,
            "the stream " + next.streamName() + " does not take it: " + last.reason,
            last.times);
    refuseOldest(last.message, why);
    refused = null;
  }

  /** What the server has come to take no more since it was handed over is refused in its turn. */
  private void refuseTooLong(Way next) throws PipeException, InterruptedException {
    for (Unconfirmed each : window.unconfirmed()) {
      Rejection why = each.place().end() ? null : next.refusal(each);
      if (why == null) {
        return;
      }
      refuseOldest(each, why);
    }
  }

  private void refuseOldest(Unconfirmed oldest, Rejection why)
      throws PipeException, InterruptedException {
    RefusesFirst.Refusal told = refusal;
    if (told != null) {
      told.refused(oldest.endPosition(), why);
    }
    window.refuseOldest(why);
  }

  /**
   * What the subject's last message says, when it can be true.
   *
   * @return the position up to which everything is stored
   */
  private long checked(Way over) throws PipeException, InterruptedException {
    awaitCaughtUp(over);
    Place stored = over.places().ofLastMessage();
    long confirmed = commits.position();
    if (stored == null || !stored.stream().equals(stream)) {
      // What was refused has moved on how far the stream is, and lies nowhere here.
      if (over.places().lastSequence() == sequenceAtOpen
          && window.storedPosition() == held.position()) {
        return confirmed;
      }
      throw over.places().lastSequence() == 0
          ? lost("the subject is empty", confirmed)
          : new PipeException.Refused(
              Status.FAILED_PRECONDITION,
              options.address()
                  + ": another writer has written into the subject, behind position "
                  + confirmed
                  + " of the stream "
                  + stream
                  + "; a subject has one writer at a time");
    }
    long position = stored.held().position();
    if (stored.held().epoch() > epoch) {
      throw new PipeException.Refused(
          Status.ABORTED,
          options.address() + ": a later writer of the stream " + stream + " goes on with it");
    }
    if (position < window.storedPosition()) {
      throw lost("the subject's last message ends at position " + position, confirmed);
    }
    if (position > window.storedPosition() && !isOneOfOurs(stored)) {
      throw new PipeException.Refused(
          Status.ABORTED,
          options.address()
              + ": another process writes the stream "
              + stream
              + " as well, and is at position "
              + position);
    }
    if (!over.chains()) {
      over.checkContinuity(options, stream, window.storedSequence(), window.storedPosition());
    }
    return Math.max(position, confirmed);
  }

  /**
   * A server that was made leader a moment ago may not have looked through all that it has: what
   * was confirmed and does not show is lost only when it does not show for a while.
   */
  private void awaitCaughtUp(Way over) throws PipeException {
    if (!over.isReplicated() || over.places().lastSequence() >= window.storedSequence()) {
      behind = false;
      return;
    }
    long nowNanos = System.nanoTime();
    if (!behind) {
      behind = true;
      behindSinceNanos = nowNanos;
    }
    if (nowNanos - behindSinceNanos < CATCH_UP_NANOS) {
      throw new PipeException.Unreachable(
          options.address()
              + ": the stream's new leader has it up to sequence "
              + over.places().lastSequence()
              + ", and up to "
              + window.storedSequence()
              + " was confirmed; it is asked again",
          null);
    }
  }

  private boolean isOneOfOurs(Place stored) {
    return window.unconfirmed().stream()
        .map(each -> each.place().held())
        .anyMatch(ours ->
            ours.position() == stored.held().position()
                && Objects.equals(ours.digest(), stored.held().digest()));
  }

  private PipeException lost(String what, long confirmed) {
    return new PipeException.DataLoss(
        options.address()
            + ": "
            + what
            + ", and the server had confirmed the stream "
            + stream
            + " up to position "
            + confirmed
            + ": what lies between is lost (a purge, a deletion, or a loss of power before its disk"
            + " was synced)");
  }

  private Opened connectOnce() throws PipeException, InterruptedException {
    Way opened = connect(true);
    boolean found = false;
    try {
      Place place = opened.places().of(stream);
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
      found = true;
      return new Opened(opened, place == null ? Resume.START : place.held());
    } finally {
      if (!found) {
        opened.close();
      }
    }
  }

  private Way connect(boolean first) throws PipeException, InterruptedException {
    Way[] opened = {null};
    NatsConnection connection =
        NatsConnection.open(
            options,
            () -> {
              Way lost = opened[0];
              if (lost != null) {
                doubt(lost, "the connection broke", null);
              }
            });
    boolean whole = false;
    try {
      Streams streams = new Streams(connection, options);
      StreamInfo info = first ? streams.toWrite(context.events()) : stillThere(streams);
      LastPlace places = new LastPlace(connection, options, info);
      Way next =
          new Way(connection, info, places, streams.isOfOneSubject(info), options.inFlight(), this);
      opened[0] = next;
      whole = true;
      return next;
    } catch (IOException | IllegalStateException e) {
      throw e instanceof PipeException known ? known : connection.failed("no JetStream", e);
    } finally {
      if (!whole) {
        connection.close();
      }
    }
  }

  /**
   * The stream that is written, which nobody makes again where it was deleted: what it held is gone
   * then. A cluster in which much has just changed may not find it at once.
   */
  private StreamInfo stillThere(Streams streams) throws PipeException {
    StreamInfo found = streams.find();
    if (found != null) {
      goneSinceNanos = null;
      streams.check(found, PipeEvents.SILENT);
      return found;
    }
    String what =
        options.address() + ": the stream " + publishing.route().streamName() + " is gone";
    long nowNanos = System.nanoTime();
    Long since = goneSinceNanos;
    if (since == null) {
      goneSinceNanos = nowNanos;
    } else if (nowNanos - since >= CATCH_UP_NANOS) {
      throw new PipeException.Refused(
          Status.NOT_FOUND,
          what
              + ": it was deleted while the stream "
              + stream
              + " was written into it, which the server had confirmed up to position "
              + commits.position()
              + "; it is not made again by who was at work in it, but by who begins");
    }
    throw new PipeException.Unreachable(Status.NOT_FOUND, what + ", and is looked for", null);
  }

  private final class Steps implements Republisher.Steps<Unconfirmed, Way> {
    @Override
    public Way connect() throws PipeException, InterruptedException {
      return Publisher.this.connect(false);
    }

    @Override
    public void settle(Way next) throws PipeException, InterruptedException {
      // What was confirmed and not told yet counts, when the server is asked what it has.
      window.tell();
      long before = commits.position();
      long position = checked(next);
      Place stored = next.places().ofLastMessage();
      window.confirmUpTo(position, stored != null && stored.end(), next.places().lastSequence());
      refuse(next);
      refuseTooLong(next);
      // A connection alone is none: a server that takes nothing would be tried without a pause.
      if (commits.position() > before || window.unconfirmed().isEmpty()) {
        attempts.succeeded(commits.position());
      }
    }

    @Override
    public void sendAgain(List<Unconfirmed> messages, Way over) {
      for (Unconfirmed each : messages) {
        send(each, over);
      }
    }
  }

  /** What the server has answered about a message, and how often. */
  private record Refused(Unconfirmed message, int times, String reason) {}

  private record Opened(Way way, Resume held) {}
}
