package io.hostpipe.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Peers that greet well and then do what they did not announce. */
final class SessionStrangerTest {
  private final Pair pair = Pair.oneWay();

  @Test
  void dataFromAPeerThatSaidItSendsNothingEndsTheSession() {
    Session sender = pair.connect().dialer.session();
    sender.onFrame(
        sender.connection(),
        Frames.received(0, null, ByteBuffer.wrap(new byte[] {1}), Lease.UNPOOLED),
        pair.now);
    assertThat(pair.dialer.failureCode()).isEqualTo(Code.INVALID_ARGUMENT);
    assertThat(sender.incoming().received()).isZero();
  }

  @Test
  void anEndFromAPeerThatSaidItSendsNothingEndsTheSession() {
    Session sender = pair.connect().dialer.session();
    sender.onFrame(sender.connection(), new Frame.Fin(0, 0), pair.now);
    assertThat(pair.dialer.failureCode()).isEqualTo(Code.INVALID_ARGUMENT);
  }

  @Test
  void aPeerThatAnswersForAnotherPipeIsRefused() {
    Side other = new Side("unused", 0xB);
    other.sends = false;
    other.name = "another";
    Side sender = new Side("stream-1", 0xA);
    sender.receives = false;
    Pair mixed = new Pair(sender, other);
    mixed.connect();
    assertThat(Objects.requireNonNull(mixed.refusal).reason()).contains("'another'");
  }
}
