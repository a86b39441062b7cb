package io.hostpipe.connector.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.Test;

/** What waits is counted with all that it holds. */
final class GroupMessageTest {
  private static final int HEADER_BYTES = 10_000;

  @Test
  void headersAreCountedAndGivenBackOnce() {
    RecordHeaders headers = new RecordHeaders();
    headers.add("first", new byte[HEADER_BYTES]);
    headers.add("second", null);
    ConsumerRecord<byte[], byte[]> record =
        new ConsumerRecord<>(
            "topic",
            0,
            0,
            0,
            TimestampType.CREATE_TIME,
            1,
            1,
            new byte[1],
            new byte[1],
            headers,
            Optional.empty());
    AtomicLong unread = new AtomicLong();
    GroupMessage message = new GroupMessage(record, 1, unread);
    assertThat(message.heldBytes()).isGreaterThan(HEADER_BYTES);
    unread.addAndGet(message.heldBytes());
    message.read();
    message.read();
    assertThat(unread).hasValue(0);
  }
}
