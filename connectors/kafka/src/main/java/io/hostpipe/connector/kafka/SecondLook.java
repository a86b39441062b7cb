package io.hostpipe.connector.kafka;

import io.hostpipe.PipeException;
import io.hostpipe.spi.Attempts;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * What brokers say that have not heard all yet: that there are fewer of them than a topic is to
 * have replicas, while others are on their way, or that a topic is gone that another broker has. It
 * is believed when they still say so after a while.
 *
 * <p>Thread rule: one thread.
 */
final class SecondLook {
  static final long REGISTERING_NANOS_MAX = TimeUnit.SECONDS.toNanos(30);
  static final long HEARING_NANOS_MAX = TimeUnit.SECONDS.toNanos(10);

  private final LongSupplier clock;
  private long firstNanos;
  private boolean looked;

  SecondLook() {
    this(System::nanoTime);
  }

  /** With a clock of its own, in nanoseconds. */
  SecondLook(LongSupplier clock) {
    this.clock = clock;
  }

  /** What is to be made of it now. */
  PipeException at(PipeException why) {
    long nanosMax =
        switch (why.getCause()) {
          case InvalidReplicationFactorException _ -> REGISTERING_NANOS_MAX;
          case UnknownTopicOrPartitionException _ -> HEARING_NANOS_MAX;
          case null, default -> 0;
        };
    if (why instanceof PipeException.Unreachable || nanosMax == 0) {
      looked = false; // who comes behind that has not heard all yet, either
      return why;
    }
    long nowNanos = clock.getAsLong();
    if (!looked) {
      looked = true;
      firstNanos = nowNanos;
    }
    return nowNanos - firstNanos < nanosMax
        ? new PipeException.Unreachable(Attempts.reason(why), why)
        : why;
  }
}
