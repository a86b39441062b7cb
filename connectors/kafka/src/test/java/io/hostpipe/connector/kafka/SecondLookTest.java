package io.hostpipe.connector.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.junit.jupiter.api.Test;

/** What brokers that have not heard all yet say is believed a while later. */
final class SecondLookTest {
  /** As a clock may stand. */
  private long nowNanos = Long.MAX_VALUE - 1;

  private final SecondLook look = new SecondLook(() -> nowNanos);

  @Test
  void brokersThatAreTooFewMayStillCome() {
    PipeException.Refused said = refused(new InvalidReplicationFactorException("1 of 3"));
    isRetried(said);
    nowNanos += SecondLook.REGISTERING_NANOS_MAX - 1;
    isRetried(said);
    nowNanos += 1;
    assertThat(look.at(said)).isSameAs(said);
  }

  @Test
  void aTopicThatIsGoneMayBeUnknownToOneBroker() {
    PipeException.Refused said = refused(new UnknownTopicOrPartitionException("gone"));
    isRetried(said);
    nowNanos += SecondLook.HEARING_NANOS_MAX;
    assertThat(look.at(said)).isSameAs(said);
  }

  @Test
  void whatIsSaidBehindAnOutageIsLookedAtAnew() {
    PipeException.Refused said = refused(new UnknownTopicOrPartitionException("gone"));
    isRetried(said);
    nowNanos += TimeUnit.HOURS.toNanos(1);
    PipeException.Unreachable away = new PipeException.Unreachable("away", null);
    assertThat(look.at(away)).isSameAs(away);
    isRetried(said);
  }

  @Test
  void allElseIsBelievedAtOnce() {
    PipeException.Refused said = refused(new InvalidTopicException("no"));
    assertThat(look.at(said)).isSameAs(said);
    PipeException.Unreachable away = new PipeException.Unreachable("away", null);
    nowNanos += TimeUnit.HOURS.toNanos(1);
    assertThat(look.at(away)).isSameAs(away);
  }

  private void isRetried(PipeException said) {
    assertThat(look.at(said))
        .isInstanceOf(PipeException.Unreachable.class)
        .hasMessage(said.getMessage());
  }

  private static PipeException.Refused refused(RuntimeException cause) {
    return new PipeException.Refused(Status.NOT_FOUND, "they say so", cause);
  }
}
