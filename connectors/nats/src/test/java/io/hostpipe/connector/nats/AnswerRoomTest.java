package io.hostpipe.connector.nats;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** How many requests may be under way at a time. */
final class AnswerRoomTest {
  private static final long MEBIBYTE = 1 << 20;

  @Test
  void soManyRequestsAreUnderWayAtMost() throws Exception {
    AnswerRoom room = new AnswerRoom(3);
    assertThat(entered(room)).isEqualTo(3);
    room.answered(10);
    assertThat(entered(room)).as("an answer that waits for its turn is under way").isZero();
    room.leave(10);
    assertThat(entered(room)).isEqualTo(1);
  }

  @Test
  void noMoreAreAskedForThanFitWhenEachIsAsLongAsTheLongest() throws Exception {
    AnswerRoom room = new AnswerRoom(1_000);
    assertThat(room.enter(0)).isTrue();
    room.answered(4 * MEBIBYTE);
    assertThat(entered(room)).as("beside the one that is held").isEqualTo(3);
    room.leave(4 * MEBIBYTE);
    assertThat(entered(room)).isEqualTo(1);
  }

  @Test
  void oneAloneIsLetInHoweverLongAnswersAre() throws Exception {
    AnswerRoom room = new AnswerRoom(1_000);
    assertThat(room.enter(0)).isTrue();
    room.answered(100 * MEBIBYTE);
    assertThat(entered(room)).isZero();
    room.leave(100 * MEBIBYTE);
    assertThat(entered(room)).isEqualTo(1);
    room.answered(0);
    room.leave(0);
    assertThat(entered(room)).isEqualTo(1);
  }

  private static int entered(AnswerRoom room) throws InterruptedException {
    int count = 0;
    while (count < 2_000 && room.enter(0)) {
      count++;
    }
    return count;
  }
}
