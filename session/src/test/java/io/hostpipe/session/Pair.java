package io.hostpipe.session;

import java.nio.ByteBuffer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Two sides and the link between them. What one says, the other one hears at once. */
final class Pair {
  private static final int ROUNDS_MAX = 10_000;

  Side dialer;
  Side acceptor;
  long now = 1_000_000_000L;
  long connection;

  /** What the acceptor answered when it refused the last link. */
  @Nullable SessionFailure refusal;

  /** Whether both sides were through with the last link and would have kept it. */
  boolean kept;

  /** What is said of tokens; without any, nobody speaks of them. */
  final Tokens tokens = new Tokens();

  private boolean linked;
  private Predicate<Frame> cutBefore = frame -> false;
  private FrameAssembler toDialer;
  private FrameAssembler toAcceptor;
  private boolean accepted;

  Pair(Side dialer, Side acceptor) {
    this.dialer = dialer;
    this.acceptor = acceptor;
    this.toDialer = new FrameAssembler(dialer.memory);
    this.toAcceptor = new FrameAssembler(acceptor.memory);
  }

  /** A sender that dials and a receiver that accepts. */
  static Pair oneWay() {
    Side sender = new Side("stream-1", 0xA);
    sender.receives = false;
    Side receiver = new Side("unused", 0xB);
    receiver.sends = false;
    return new Pair(sender, receiver);
  }

  /** The same two sides, where the other one dials. */
  Pair swapped() {
    Side first = acceptor;
    Side second = dialer;
    return new Pair(first, second);
  }

  static Pair duplex() {
    return new Pair(new Side("stream-1", 0xA), new Side("stream-2", 0xB));
  }

  /** A new link, as far as it comes. */
  Pair connect() {
    cut();
    connection++;
    dialer.session().onDial(connection, tokens.credentials(connection), now);
    toDialer = new FrameAssembler(dialer.memory);
    toAcceptor = new FrameAssembler(acceptor.memory);
    toDialer.allowData();
    toAcceptor.allowData();
    linked = true;
    accepted = false;
    refusal = null;
    kept = false;
    return settle();
  }

  /** Everything that both have to say is said and heard. */
  Pair settle() {
    for (int round = 0; round < ROUNDS_MAX; round++) {
      boolean spoke = linked && speak(dialer, acceptor, toAcceptor);
      spoke |= linked && accepted && speak(acceptor, dialer, toDialer);
      if (linked && (closes(dialer) || (accepted && closes(acceptor)))) {
        cut();
      }
      if (linked && accepted && keeps(dialer) && keeps(acceptor)) {
        kept = true;
        cut();
      }
      if (!spoke) {
        return this;
      }
    }
    throw new IllegalStateException("they talk without end");
  }

  /** The link breaks, nothing is in flight. */
  Pair cut() {
    if (linked) {
      linked = false;
      toDialer.close();
      toAcceptor.close();
      dialer.session().onLinkDown(connection, now);
      if (accepted) {
        acceptor.session().onLinkDown(acceptor.session().connection(), now);
      }
    }
    return this;
  }

  /** Breaks the link when such a frame is about to be heard; it is lost. Once. */
  Pair cutBefore(Predicate<Frame> lost) {
    cutBefore = lost;
    return this;
  }

  Pair cutBefore(Class<? extends Frame> lost) {
    return cutBefore(lost::isInstance);
  }

  /** Lets time pass in steps as small as the sessions ask for. */
  Pair pass(long nanos) {
    long end = now + nanos;
    while (now < end) {
      long next = Math.min(dialer.session().deadlineNanos(), acceptor.session().deadlineNanos());
      now = Math.max(now + 1, Math.min(end, next));
      dialer.session().onTime(now);
      acceptor.session().onTime(now);
      settle();
    }
    return this;
  }

  boolean linked() {
    return linked;
  }

  private static boolean closes(Side side) {
    return side.session().linkIsToClose() && !side.session().linkIsKept();
  }

  private static boolean keeps(Side side) {
    return side.session().linkIsKept();
  }

  private boolean speak(Side from, Side to, FrameAssembler ear) {
    if (!from.session().wantsToSend(now)) {
      return false;
    }
    if (!from.session().poll(from.transmit, now)) {
      throw new IllegalStateException("it wanted to send and then had nothing to say");
    }
    int count = 0;
    for (int index = 0; index < from.transmit.bufferCount(); index++) {
      count += from.transmit.buffers()[index].remaining();
    }
    ByteBuffer bytes = ByteBuffer.allocate(count);
    for (int index = 0; index < from.transmit.bufferCount(); index++) {
      bytes.put(from.transmit.buffers()[index]);
    }
    from.transmit.clear();
    bytes.flip();
    try {
      while (linked && bytes.hasRemaining()) {
        offer(bytes, ear);
        Frame frame = ear.poll();
        while (frame != null) {
          from.sent.add(frame);
          hear(to, frame);
          frame = linked ? ear.poll() : null;
        }
      }
    } catch (ProtocolException e) {
      throw new IllegalStateException("a session put no frame", e);
    }
    return true;
  }

  private void hear(Side to, Frame said) {
    Frame frame = tokens.onTheWay.apply(said);
    if (linked && cutBefore.test(frame)) {
      cutBefore = any -> false;
      cut();
    }
    if (!linked) {
      if (frame instanceof Frame.Data data) {
        data.lease().release();
      }
    } else if (to == acceptor && !accepted) {
      Tokens.Heard heard = tokens.hear(frame, connection);
      if (heard.hello() != null) {
        refusal = acceptor.session().onAccept(heard.hello(), heard.admission(), now);
        accepted = refusal == null;
      } else {
        refusal = heard.refusal();
      }
      SessionFailure no = refusal;
      Frame answer = no == null ? heard.challenge() : new Frame.Failure(no.code(), no.reason());
      if (answer != null) {
        dialer.session().onFrame(connection, answer, now);
      }
    } else {
      to.session().onFrame(to == dialer ? connection : to.session().connection(), frame, now);
    }
  }

  private static void offer(ByteBuffer bytes, FrameAssembler ear) {
    for (ByteBuffer target : ear.targets()) {
      int count = Math.min(bytes.remaining(), target.remaining());
      target.put(bytes.slice(bytes.position(), count));
      bytes.position(bytes.position() + count);
    }
  }
}
