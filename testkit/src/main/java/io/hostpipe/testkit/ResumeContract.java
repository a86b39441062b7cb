package io.hostpipe.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Encoding;
import io.hostpipe.Resume;
import io.hostpipe.Source;
import io.hostpipe.StreamId;
import io.hostpipe.runtime.Relay;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A stream that broke off goes on where it stood: nothing is missing, nothing comes twice. */
public interface ResumeContract extends ContractTests {
  /** The messages of every stream here. */
  List<String> MESSAGES = List.of("one", "two", "three", "four", "five", "six");

  @Test
  default void goesOnWhereItStood() throws Exception {
    needs(ContractPlace.Ability.REOPENS);
    StreamId stream = freshId();
    try (ReplaySource list = new ReplaySource(stream, place().pool(), MESSAGES)) {
      List<String> committed = beginAndBreakOff(stream, list, 2);
      ContractWay way = place().open(stream, Encoding.RECORDS);
      Resume held = way.sink().resume();
      assertThat(held.position()).isEqualTo(list.border(2));
      InParallel<List<String>> reading = InParallel.run(() -> rest(way.source(), committed));
      way.sink().write(list.batch(0, 6));
      way.sink().finish();
      assertThat(reading.join()).isEqualTo(MESSAGES);
    }
  }

  @Test
  default void bringsTwoSinksFromDifferentPlacesToTheSameEnd() throws Exception {
    needs(ContractPlace.Ability.REOPENS);
    StreamId fast = freshId();
    StreamId slow = freshId();
    try (ReplaySource list = new ReplaySource(freshId(), place().pool(), MESSAGES)) {
      List<String> heldFast = beginAndBreakOff(fast, list, 4);
      List<String> heldSlow = beginAndBreakOff(slow, list, 1);
      ContractWay toFast = place().open(fast, Encoding.RECORDS);
      ContractWay toSlow = place().open(slow, Encoding.RECORDS);
      InParallel<List<String>> readingFast = InParallel.run(() -> rest(toFast.source(), heldFast));
      InParallel<List<String>> readingSlow = InParallel.run(() -> rest(toSlow.source(), heldSlow));
      try (Relay relay = new Relay(list, List.of(toFast.sink(), toSlow.sink()))) {
        relay.run();
        assertThat(relay.progress().startPosition()).isEqualTo(list.border(1));
        assertThat(relay.progress().committed()).isEqualTo(list.border(6));
      }
      assertThat(list.soughtPosition()).as("the least of both").isEqualTo(list.border(1));
      assertThat(list.committedPosition()).isEqualTo(list.border(6));
      assertThat(readingFast.join()).isEqualTo(MESSAGES);
      assertThat(readingSlow.join()).isEqualTo(MESSAGES);
    }
  }

  /**
   * Writes the first messages, has them committed, and breaks the stream off.
   *
   * @return what was read of them
   */
  private List<String> beginAndBreakOff(StreamId stream, ReplaySource list, int count)
      throws Exception {
    ContractWay way = place().open(stream, Encoding.RECORDS);
    assertThat(way.sink().resume().position()).isZero();
    long end = way.sink().write(list.batch(0, count));
    Received received = Received.readCount(way.source(), count, end);
    way.source().commit(end);
    assertThat(way.sink().awaitCommitted(end).position()).isEqualTo(end);
    way.close();
    return received.texts();
  }

  /** All messages in the end: those held before come again only from a source that replays. */
  private static List<String> rest(Source source, List<String> before) throws Exception {
    List<String> all = new ArrayList<>();
    if (!source.replayable()) {
      all.addAll(before);
    }
    all.addAll(Received.readAll(source, true).texts());
    return all;
  }
}
